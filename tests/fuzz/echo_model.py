"""The model that is fuzzed: it gives back what it gets, so it cannot fail and reaches every dtype.

Whatever goes wrong with a request to it is the service's doing.
"""

from pathlib import Path

import numpy as np

from serving_runtime import contract
from serving_runtime.model import Arrays, Model
from serving_runtime.settings import Settings
from serving_runtime.signature import ANY, MAP, NUMPY_DTYPES, STRING, Contract, Field, Signature
from tests.support import models
from tests.support.examples import CLASSIFIES, REGRESSES

# Small, so that the limit is met often and a case never takes long.
MAX_EXPANDED_BYTES = 1 << 16


class Echo(Model):
    """A model that returns its inputs."""

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Return the inputs as outputs; of examples, classes or numbers."""
        if signature_name == "classes":
            column = inputs["inputs"].reshape(-1, 1)
            return {"classes": column, "scores": np.ones(column.shape, np.float32)}
        if signature_name == "numbers":
            return {"outputs": np.ones(len(inputs["inputs"]), np.float32)}
        return inputs


def _echo(name: str, *fields: Field) -> Signature:
    return Signature(name, fields, fields)


_NESTED = (
    Field("k", "float32", (-1,)),
    Field("inner", MAP, None, (Field("text", STRING, ()), Field("k", "int64", None))),
)
_OF_EXAMPLES = (
    CLASSIFIES._replace(name="classes"),
    REGRESSES._replace(name="numbers", outputs=(Field("outputs", "float32", (-1,)),)),
)
# Beside one for each dtype: rows that are stacked, fixed shapes, maps, and what may be anything.
_ECHOES = (
    *(_echo(dtype, Field("x", dtype)) for dtype in sorted(NUMPY_DTYPES)),
    _echo("rows", Field("x", "float32", (-1, 3)), Field("y", "int64", (-1,))),
    _echo(
        "mixed",
        Field("x", "float64", (2, -1)),
        Field("count", "uint8", ()),
        Field("names", STRING, (-1,)),
    ),
    _echo("nested", Field("x", MAP, None, _NESTED)),
    _echo("several", Field("x", MAP, (-1,), _NESTED)),
    _echo("anything", Field("x", ANY)),
    _echo("serving_default", Field("x", ANY)),
)
SIGNATURES = (*_OF_EXAMPLES, *_ECHOES)
CONTRACT = Contract("echo", SIGNATURES, 7)
SETTINGS = Settings.from_env({})._replace(max_expanded_bytes=MAX_EXPANDED_BYTES)

# The same for the Python runtime, which calls one function a signature.
_FUNCTIONS = "".join(
    f"def {name}({inputs}):\n    return dict({pairs})\n\n\n"
    for name, inputs, pairs in (
        (
            signature.name,
            ", ".join(field.name for field in signature.inputs),
            ", ".join(f"{field.name}={field.name}" for field in signature.inputs),
        )
        for signature in _ECHOES
    )
)


def write(root: Path) -> Path:
    """Write the model's directory for the Python runtime."""
    return models.write(
        root, _FUNCTIONS, contract.write_yaml(CONTRACT._replace(signatures=_ECHOES))
    )
