"""Find the one model among the files, and say what is wrong if there is none or more than one."""

import re
from pathlib import Path
from typing import List, NamedTuple

from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import listing
from tensorflow_runtime import SAVED_MODEL_NAMES

logger = logs.get_logger(__name__)

KERAS = ".keras"
EXPECTED = "saved_model.pb, version directories such as 1/ with one in each, or one .keras file"
_EXPORT = "put the directory that TensorFlow's export wrote (saved_model.pb, variables/) there"


class Artefact(NamedTuple):
    """One model: ``path`` is its file, ``version`` the number of its directory, 0 without one."""

    path: Path
    version: int

    @property
    def is_keras(self) -> bool:
        """Whether it is a .keras file; otherwise it is a SavedModel."""
        return self.path.suffix == KERAS


def find(files: Path) -> Artefact:
    """Find the model in ``files``, or in the newest of its version directories.

    Raises:
        LoadError: there is none, or it is not clear which one is meant.
    """
    found = _models(files)
    versions = _versions(files)
    if versions:
        found.append(versions[-1])
    if len(found) != 1:
        raise _ambiguous(files, found) if found else _missing(files)
    return _newest(files, versions) if versions else Artefact(found[0], 0)


def _models(folder: Path) -> List[Path]:
    models = [folder / name for name in SAVED_MODEL_NAMES]
    models += sorted(folder.glob("*" + KERAS))
    return [path for path in models if path.is_file()]


def _versions(files: Path) -> List[Path]:
    """Return the version directories, oldest first; a larger number than 64 bits is none.

    See: https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/serving_config.md
    """
    numbered = [path for path in files.glob("*") if re.match(r"^[0-9]+$", path.name)]
    return sorted((it for it in numbered if it.is_dir() and _number(it) < 2**63), key=_number)


def _number(version: Path) -> int:
    return int(version.name)


def _newest(files: Path, versions: List[Path]) -> Artefact:
    newest = versions[-1]
    found = _models(newest)
    if len(found) > 1:
        raise _ambiguous(newest, found)
    if not found:
        raise LoadError(
            f"version {newest.name} is the newest in {files} and holds no model: "
            f"found {listing(newest)}, expected saved_model.pb",
            f"finish copying it, or remove {newest}",
        )
    if len(versions) > 1:
        passed_over = ", ".join(path.name for path in versions[:-1])
        logger.info("serving version %s, the newest; passed over: %s", newest.name, passed_over)
    return Artefact(found[0], _number(newest))


def _ambiguous(folder: Path, found: List[Path]) -> LoadError:
    names = " and ".join(path.name + "/" * path.is_dir() for path in found)
    return LoadError(
        f"{folder} holds more than one model: {names}; expected one", "remove all but one of them"
    )


def _missing(files: Path) -> LoadError:
    deeper = sorted(path for name in SAVED_MODEL_NAMES for path in files.glob("*/" + name))
    if deeper:
        return LoadError(
            f"the model is one level too deep: found {deeper[0]}, expected it in {files}",
            f"move what is in {deeper[0].parent} up into {files}",
        )
    return LoadError(
        f"there is no model in {files}: found {listing(files)}; expected {EXPECTED}", _EXPORT
    )
