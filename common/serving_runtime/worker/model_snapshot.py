"""Make sure that all workers of a service load the same files: those that the first one loaded.

Files may be exchanged under a service that runs. A worker that is started later, in place of one
that has ended, must not answer with another model than its neighbours, nor with half of one.
"""

import contextlib
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Dict, Iterator, List, Mapping

from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.ipc import environment
from serving_runtime.system import descriptors

logger = logs.get_logger(__name__)

# Of each file the first and the last bytes are looked at; of a larger one, also its time of change.
END_BYTES = 1 << 15
IGNORED = ("__pycache__", "lost+found")
# A running model may write such files, though they were there before: of an earlier run, say.
OWN_SUFFIXES = (
    ".log",
    ".lock",
    ".pid",
    ".tmp",
    ".pyc",
    ".db",
    ".sqlite",
    ".sqlite3",
    "-wal",
    "-shm",
    "-journal",
)
# A link that leads back up would be followed for ever.
MAX_DEPTH = 20

# What a file looks like, by its path below the model directory.
Fingerprints = Dict[str, str]


@contextlib.contextmanager
def verified(environ: Mapping[str, str], root: Path) -> Iterator[None]:
    """Load a model within this: it refuses files that are not those of the first worker.

    The first worker notes what its files look like in a file without a name, which all workers of
    a service inherit. Without that nothing is checked.

    Raises:
        LoadError: the files have changed since then, or while they were loaded once more.
    """
    if environment.LOADED not in environ:
        yield
        return
    # All workers share the place at which it would be read, so none may depend on that.
    record = descriptors.moved(int(environ[environment.LOADED]))
    try:
        found = fingerprints(root)
        noted = json.loads(os.pread(record, os.fstat(record).st_size, 0).decode() or "{}")
        _check(noted, found, root)
        yield
        after = fingerprints(root)
        _check(noted, after, root)
        if not noted:
            os.pwrite(record, json.dumps(_unchanged(found, after)).encode(), 0)
    finally:
        os.close(record)


def _unchanged(before: Fingerprints, after: Fingerprints) -> Fingerprints:
    """Return the files that were not changed by their loading; most likely by the model itself."""
    changed = [path for path in before if after.get(path) != before[path]]
    if changed:
        logger.warning("%s changed while the model was loaded", ", ".join(changed[:3]))
    return {path: look for path, look in before.items() if path not in changed}


def fingerprints(root: Path) -> Fingerprints:
    """Return what the files of a model directory look like; hidden ones do not count."""
    looks = {}
    for folder, folders, files in os.walk(str(root), followlinks=True):
        folders[:] = [name for name in folders if _counts(name)]
        if len(Path(folder).parts) > len(root.parts) + MAX_DEPTH:
            folders[:] = []
        for name in filter(_counts, files):
            path = os.path.join(folder, name)
            looks[os.path.relpath(path, str(root))] = _look(path)
    return looks


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in IGNORED and not name.endswith(OWN_SUFFIXES)


def _look(path: str) -> str:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return "no file"
        ends = _ends(path, status.st_size)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    changed = status.st_mtime_ns if status.st_size > 2 * END_BYTES else 0
    return f"{status.st_size} bytes {changed} {hashlib.blake2b(ends, digest_size=16).hexdigest()}"


def _ends(path: str, size: int) -> bytes:
    with open(path, "rb") as file:
        first = file.read(END_BYTES)
        file.seek(max(END_BYTES, size - END_BYTES))
        return first + file.read(END_BYTES)


def _check(noted: Fingerprints, found: Fingerprints, root: Path) -> None:
    differences = _differences(noted, found)
    if not differences:
        return
    shown = ", ".join(differences[:3])
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    raise LoadError(
        f"the files in {root} are not those that this service has loaded: {shown}{more}",
        "restart the service to serve what is there now, or put the former files back",
    )


def _differences(noted: Fingerprints, found: Fingerprints) -> List[str]:
    """Return what has changed, in words.

    A model may write files of its own beside those that were loaded. So new ones count only if they
    are of a kind that was there before: a second version's folder has such, a log or a cache not.
    """
    if not noted:  # the first worker
        return []
    kinds = {os.path.splitext(path)[1] for path in noted} - {""}
    gone = [f"{path} is gone" for path in noted if path not in found]
    changed = [
        f"{path} has changed" for path in noted if found.get(path, noted[path]) != noted[path]
    ]
    added = [
        f"{path} is new"
        for path in found
        if path not in noted and os.path.splitext(path)[1] in kinds
    ]
    return sorted(gone + changed + added)
