"""Gives each framework's tests a model that serves, requests for it, and copies that are broken."""

import shutil
from pathlib import Path

import yaml

from serving_runtime import client, samples
from serving_runtime.contract import read_contract, serialise
from tests.conformance.setups import models_of



def model_of(runtime: str) -> Path:
    """Return a small model of a framework, one that the conformance suite has too."""
    return min(models_of(runtime).iterdir())


def request_for(model: Path) -> bytes:
    """Return a request that the model's first signature answers."""
    signature = read_contract(model / "contract.yaml").signatures[0]
    return client.encode_request(signature.name, samples.sample_inputs(signature), as_content=True)


def with_truncated_contract(model: Path, folder: Path) -> Path:
    """Copy a model, with a contract whose end is missing."""
    copy = copy_of(model, folder)
    contract = serialise(read_contract(copy / "contract.yaml"))
    (copy / "contract.yaml").unlink()
    (copy / "contract.protobin").write_bytes(contract[:-1])
    return copy


def with_unknown_signature(model: Path, folder: Path) -> Path:
    """Copy a model, with a contract whose first signature it does not have."""
    copy = copy_of(model, folder)
    contract = yaml.safe_load((copy / "contract.yaml").read_text())
    first = contract["signatures"][0] if "signatures" in contract else contract
    first["name"] = "no_such_function"
    (copy / "contract.yaml").write_text(yaml.safe_dump(contract))
    return copy


def copy_of(model: Path, folder: Path) -> Path:
    """Copy a model so that every user may read it."""
    copy = folder / "model"
    shutil.copytree(model, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder, copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy
