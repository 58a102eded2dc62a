"""Choose the one file that is the model, read it once, and vouch for what was read.

Frameworks whose models are single files share this: what is hashed is what is loaded, and nothing
of a pickle is run that the operator has not allowed.
"""

import os
import re
from pathlib import Path, PurePosixPath
from typing import List, NamedTuple, Sequence, Tuple

from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.settings import Setting, parsing
from serving_runtime.settings.parsing import Parser

logger = logs.get_logger(__name__)


def _digest(text: str) -> str:
    found = re.match(r"^(?:sha256:)?([0-9a-f]{64})$", text.strip().lower())
    if text and found is None:
        raise ValueError(text)
    return found.group(1) if found else ""


MODEL_FILE = Setting(
    "RUNTIME_MODEL_FILE",
    "model_file",
    parsing.TEXT,
    "",
    "The file that is the model, relative to the model's `files/`, where there are several.",
)
MODEL_SHA256 = Setting(
    "RUNTIME_MODEL_SHA256",
    "model_sha256",
    Parser(_digest, "a SHA-256: 64 hexadecimal digits"),
    "",
    "The SHA-256 that the model's file must have; any other content is refused unread.",
)
ALLOW_PICKLE = Setting(
    "RUNTIME_ALLOW_PICKLE",
    "allow_pickle",
    parsing.SWITCH,
    "1",
    "Whether models in pickle-based formats may be loaded, which runs code that is in the file.",
)
# A framework has these in its SETTINGS; `ALLOW_PICKLE._replace(default="0")` starts without.
SETTINGS: Tuple[Setting, ...] = (MODEL_FILE, MODEL_SHA256, ALLOW_PICKLE)


class Artefact(NamedTuple):
    """A model's file as it was read: its content may have changed on disk since then."""

    path: Path
    content: bytes
    sha256: str

    @property
    def suffix(self) -> str:
        """The end of the name, which shows the format, in lower case: ``.bin``."""
        return self.path.suffix.lower()


def candidates(files: Path, suffixes: Sequence[str]) -> List[Path]:
    """Return the files directly in ``files`` that have one of ``suffixes``, sorted by name.

    Hidden files are left out: they are what editors, file systems and mounts leave behind.
    """
    return sorted(
        path
        for path in files.glob("*")
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    )


def find(files: Path, suffixes: Sequence[str], model_file: str = "") -> Path:
    """Return the path of the model's file: the one that is named, or the only one there is.

    Args:
        files: the model's folder; what is deeper in it is found only by name.
        suffixes: of the formats that can be served, in lower case, such as ``.pt``.
        model_file: ``RUNTIME_MODEL_FILE``, relative to ``files``; empty to look for it.

    Raises:
        LoadError: there is no such file, there are several, or the one that is named is outside.
    """
    if model_file:
        return _named(files, suffixes, model_file)
    found = candidates(files, suffixes)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise LoadError(
            f"{files} holds more than one model: {names}; expected one",
            f"remove all but one, or name it: {MODEL_FILE.variable}={found[0].name}",
        )
    raise _missing(files, suffixes)


def read(path: Path, model_sha256: str = "") -> Artefact:
    """Read a model's file, once; what is loaded must be made of these bytes.

    Args:
        path: as ``find`` returned it.
        model_sha256: ``RUNTIME_MODEL_SHA256``, in lower case; empty to take any content.

    Raises:
        LoadError: the file cannot be read, or has another SHA-256.
    """
    import hashlib  # the front, which starts the workers, must not wait for it

    try:
        content = path.read_bytes()
    except OSError as error:
        fix = f"chmod a+r {path.name}" if isinstance(error, PermissionError) else ""
        raise LoadError(f"{path} cannot be read: {error.strerror}", fix) from None
    sha256 = hashlib.sha256(content).hexdigest()
    if model_sha256 and sha256 != model_sha256:
        raise LoadError(
            f"{path} is not the file that was pinned: found SHA-256 {sha256}, "
            f"expected {model_sha256}",
            f"bring the file back, or change {MODEL_SHA256.variable} if the new one is meant",
        )
    return Artefact(path, content, sha256)


def admit_pickle(artefact: Artefact, allow_pickle: bool, instead: str) -> None:
    """Announce that loading a pickle runs code, or refuse to; to be called before it is loaded.

    Args:
        artefact: of a format that is based on pickle.
        allow_pickle: ``RUNTIME_ALLOW_PICKLE``.
        instead: how to save the model otherwise, such as ``save it without a pickle``.

    Raises:
        LoadError: it is not allowed.
    """
    what = f"{artefact.path} (SHA-256 {artefact.sha256})"
    if not allow_pickle:
        raise LoadError(
            f"{what} is based on pickle, so loading it would run code that is in it: "
            f"{ALLOW_PICKLE.variable} is off",
            f"{instead}, or set {ALLOW_PICKLE.variable}=1 if you trust whoever made the file",
        )
    logger.warning(
        "%s is based on pickle: loading it runs code that is in it (%s=0 refuses, "
        "%s pins this file)",
        what,
        ALLOW_PICKLE.variable,
        MODEL_SHA256.variable,
    )


def _named(files: Path, suffixes: Sequence[str], model_file: str) -> Path:
    text = f"{MODEL_FILE.variable}={model_file}"
    named = PurePosixPath(model_file)
    if named.is_absolute() or ".." in named.parts or "\0" in model_file:
        raise LoadError(f"{text} leads out of {files}: expected a path relative to it, without ..")
    path = files / model_file
    if not path.is_file():
        raise LoadError(
            f"{text} names no file in {files}: found {listing(files)}",
            f"name one of the files there, relative to {files}",
        )
    # Resolved, since a link may lead anywhere.
    if files.resolve() not in path.resolve().parents:
        raise LoadError(f"{text} is a link out of {files}: expected a file inside it")
    if path.suffix.lower() not in suffixes:
        raise LoadError(f"{text} has no suffix that is known here: expected {_any_of(suffixes)}")
    return path


def _missing(files: Path, suffixes: Sequence[str]) -> LoadError:
    deeper = sorted(
        str(path.relative_to(files)) for path in files.glob("*/*") if path.suffix in suffixes
    )
    problem = f"there is no model in {files}: found {listing(files)}; expected {_any_of(suffixes)}"
    if deeper:
        return LoadError(
            f"{problem}; {deeper[0]} is one level too deep",
            f"move it up, or name it: {MODEL_FILE.variable}={deeper[0]}",
        )
    return LoadError(
        problem, f"put the model's file there; {MODEL_FILE.variable} names one that is deeper"
    )


def _any_of(suffixes: Sequence[str]) -> str:
    return "one file that ends in " + ", ".join(suffixes)


def listing(folder: Path, most: int = 8) -> str:
    """Return what a folder holds, as messages show it: the first names, and how many more."""
    names = sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(str(folder)))
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + rest
