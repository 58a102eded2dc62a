"""Find the model's files and contract under the mount, and explain what a wrong mount lacks."""

import os
import stat
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple, Union

from serving_runtime.contract import read_contract
from serving_runtime.errors import LoadError
from serving_runtime.signature import Contract, Field, Signature

FILES = "files"
PROTOBIN = "contract.protobin"
YAML = "contract.yaml"

_LAYOUT = f"expected {PROTOBIN} and {FILES}/ with the model's files in it"
_MOUNT = "mount the model's directory: docker run -v /path/to/model:/model:ro IMAGE"


class ModelDirectory(NamedTuple):
    """Where a model is: its directory, the model's own files, and its contract if it has one."""

    root: Path
    files: Path
    contract_path: Optional[Path]


def locate(root: Union[str, Path]) -> ModelDirectory:
    """Find a model's files and contract.

    Hydrosphere's layout is ``contract.protobin`` (or ``contract.yaml``) beside ``files/``. A
    directory without ``files/``, as KServe mounts it, holds the model's files itself.

    Args:
        root: the model directory, such as ``/model``.

    Raises:
        LoadError: nothing can be served from there; the text is what was found and the remedy.
    """
    root = Path(root)
    names = _names(root)
    if not names:
        raise LoadError(f"{root} is empty: {_LAYOUT}", _MOUNT)
    contract_path = _contract_path(root, names)
    if FILES in names:
        _check_files(root, contract_path)
        return ModelDirectory(root, root / FILES, contract_path)
    _check_bare(root, names, contract_path)
    return ModelDirectory(root, root, contract_path)


def _names(directory: Path) -> List[str]:
    """List a directory without hidden entries and what file systems put there themselves.

    Raises:
        LoadError: it is missing, is no directory, or may not be read.
    """
    try:
        found = sorted(os.listdir(str(directory)))
    except FileNotFoundError:
        raise LoadError(f"{directory} does not exist: {_LAYOUT}", _MOUNT) from None
    except NotADirectoryError:
        raise LoadError(f"{directory} is not a directory: {_LAYOUT}", _MOUNT) from None
    except PermissionError:
        raise LoadError(_not_readable(directory), _permission_fix(directory)) from None
    except OSError as error:
        raise LoadError(f"{directory} cannot be read: {error.strerror}") from None
    return [name for name in found if not name.startswith(".") and name != "lost+found"]


def _not_readable(path: Path) -> str:
    text = f"{path} is not readable by user {os.geteuid()}, group {os.getegid()}"
    try:
        status = path.stat()
    except OSError:
        return text
    mode = stat.filemode(status.st_mode)
    return f"{text}: it has {mode}, user {status.st_uid}, group {status.st_gid}"


def _permission_fix(path: Path) -> str:
    return f"chmod -R a+rX on what is mounted at {path}, or run the container as its owner (--user)"


def _contract_path(root: Path, names: List[str]) -> Optional[Path]:
    """Choose the contract; two must say the same.

    Raises:
        LoadError: contract.protobin and contract.yaml contradict each other.
    """
    if PROTOBIN in names and YAML in names:
        _check_same(root / PROTOBIN, root / YAML)
    chosen = [name for name in (PROTOBIN, YAML) if name in names]
    return root / chosen[0] if chosen else None


def _check_same(protobin: Path, yaml: Path) -> None:
    if _essence(read_contract(protobin)) != _essence(read_contract(yaml)):
        raise LoadError(
            f"{protobin} and {yaml} contradict each other: expected the same contract in both",
            f"remove one of them, or make {PROTOBIN} anew with "
            f"`serving-runtime contract compile {yaml}`",
        )


def _essence(contract: Contract) -> Tuple[Signature, ...]:
    """Leave out what does not change serving: the model's name, profiles, and the order."""
    plain = (
        Signature(signature.name, _plain(signature.inputs), _plain(signature.outputs))
        for signature in contract.signatures
    )
    return tuple(sorted(plain, key=lambda signature: signature.name))


def _plain(fields: Tuple[Field, ...]) -> Tuple[Field, ...]:
    plain = (field._replace(profile="", subfields=_plain(field.subfields)) for field in fields)
    return tuple(sorted(plain, key=lambda field: field.name))


def _check_files(root: Path, contract_path: Optional[Path]) -> None:
    files = root / FILES
    names = _names(files)
    if not names:
        raise LoadError(
            f"{files} is empty: expected the model's files in it",
            f"put the model's files into {FILES}/; a mount over {files} would hide them",
        )
    misplaced = [name for name in (PROTOBIN, YAML) if name in names]
    if misplaced and contract_path is None:
        raise LoadError(
            f"{files / misplaced[0]} is inside {FILES}/: expected it at {root / misplaced[0]}",
            f"move it up, beside {FILES}/",
        )


def _check_bare(root: Path, names: List[str], contract_path: Optional[Path]) -> None:
    """Check a directory without files/, which may hold the model's files itself."""
    if PROTOBIN in names:
        raise LoadError(
            f"{root / FILES} is missing beside {PROTOBIN}: found {_list(names)}; {_LAYOUT}",
            f"move the model's files into {root / FILES}",
        )
    nested = [name for name in names if _has_contract(root / name)]
    if nested and contract_path is None:
        raise LoadError(
            f"the model is one level too deep: found its contract in {root / nested[0]}, "
            f"expected it in {root}",
            f"mount that directory itself: docker run -v /path/to/{nested[0]}:{root}:ro IMAGE",
        )
    if names == [YAML]:
        raise LoadError(
            f"{root} has {YAML} and no model: expected the model's files in {root / FILES}",
            f"put the model's files into {root / FILES}",
        )


def _has_contract(directory: Path) -> bool:
    return any(os.path.isfile(str(directory / name)) for name in (PROTOBIN, YAML))


def _list(names: List[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
