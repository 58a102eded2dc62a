"""Choose a model that a row serves, and a request for it, whatever its framework is."""

import functools
from pathlib import Path

from serving_runtime import client, contract
from serving_runtime.contract import samples
from serving_runtime.framework import model_dir
from serving_runtime.signature import Contract
from tools import docker
from tools.rows import Row

MODELS = "tests/models"

INFER = """
import sys
from pathlib import Path
from serving_runtime import contract
from serving_runtime.framework import discovery
inferred = discovery.installed()[sys.argv[1]].infer_contract(Path('/model/files'))
print(contract.serialise(inferred).hex())
"""


def model_of(row: Row, root: Path) -> Path:
    """Return a small model of the row's framework, one that the conformance suite has too."""
    return min((root / row.folder / MODELS).iterdir())


@functools.cache
def contract_of(row: Row, model: Path) -> Contract:
    """Read a model's contract; where it has none, ask the row's image what the files say."""
    for name in (model_dir.PROTOBIN, model_dir.YAML):
        if (model / name).is_file():
            return contract.read_contract(model / name)
    options = ("--rm", "--entrypoint=python", f"--volume={model}:/model:ro")
    printed = docker.output("run", *options, row.candidate, "-c", INFER, row.runtime)
    return contract.parse(bytes.fromhex(printed.splitlines()[-1]))


def request_for(row: Row, model: Path) -> bytes:
    """Return a request that the model's first signature answers."""
    signature = contract_of(row, model).signatures[0]
    return client.encode_request(signature.name, samples.sample_inputs(signature), as_content=True)
