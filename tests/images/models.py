"""Makes copies of a framework's model that are broken, without knowing the framework."""

import shutil
from pathlib import Path

from serving_runtime.contract import serialise
from serving_runtime.framework.model_dir import PROTOBIN, YAML
from serving_runtime.signature import Contract

UNKNOWN = "no_such_signature"


def with_truncated_contract(model: Path, contract: Contract, folder: Path) -> Path:
    """Copy a model, with a contract whose end is missing."""
    return _with_contract(model, folder, serialise(contract)[:-1])


def with_unknown_signature(model: Path, contract: Contract, folder: Path) -> Path:
    """Copy a model, with a contract that has one signature more, which the model does not have.

    In addition, since a framework may take the only signature for its one function, by any name.
    """
    unknown = contract.signatures[0]._replace(name=UNKNOWN)
    changed = contract._replace(signatures=(unknown, *contract.signatures))
    return _with_contract(model, folder, serialise(changed))


def _with_contract(model: Path, folder: Path, data: bytes) -> Path:
    copy = copy_of(model, folder)
    (copy / YAML).unlink(missing_ok=True)
    (copy / PROTOBIN).write_bytes(data)
    (copy / PROTOBIN).chmod(0o644)
    return copy


def copy_of(model: Path, folder: Path) -> Path:
    """Copy a model so that every user may read it."""
    copy = folder / "model"
    shutil.copytree(model, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder, copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy
