"""What is checked of a request's inputs before the model sees them."""

import numpy as np

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor

MISSING, UNEXPECTED = ProblemKind.MISSING, ProblemKind.UNEXPECTED
DTYPE, SHAPE, ROWS = ProblemKind.DTYPE, ProblemKind.SHAPE, ProblemKind.ROWS


def floats(*sizes):
    """Return a float32 tensor of ones."""
    return tensor("float32", np.ones(sizes))


def doubles(*sizes):
    """Return a float64 tensor of ones."""
    return tensor("float64", np.ones(sizes))


def infer(title, inputs, **outputs):
    """Return a case of the model ``features`` that is answered."""
    return answered(title, "features", "infer", inputs, **outputs)


def bad(title, inputs, *problems):
    """Return one that is refused for problems: each a kind and an input's name."""
    return refused(title, "features", "infer", inputs, *(Wrong(*it) for it in problems))


X, WEIGHT = floats(2, 3), doubles(2)
TEXT = tensor("string", ["a", "b"])

CASES = [
    infer("several rows", {"x": X, "weight": WEIGHT},
          y=tensor("float64", [3, 3]), rows=tensor("int64", [3, 3])),
    infer("one row", {"x": floats(1, 3), "weight": doubles(1)},
          y=tensor("float64", [3]), rows=tensor("int64", [3])),
    infer("no rows", {"x": floats(0, 3), "weight": doubles(0)},
          y=tensor("float64", []), rows=tensor("int64", [])),
    bad("missing", {"x": X}, (MISSING, "weight")),
    bad("all missing", {}, (MISSING, "x"), (MISSING, "weight")),
    bad("missing and extra", {"x": X, "y": X, "z": X},
        (MISSING, "weight"), (UNEXPECTED, "y"), (UNEXPECTED, "z")),
    bad("extra", {"x": X, "weight": WEIGHT, "z": X}, (UNEXPECTED, "z")),
    bad("misspelt", {"x": X, "wieght": WEIGHT}, (MISSING, "weight"), (UNEXPECTED, "wieght")),
    bad("dtype of another kind", {"x": X, "weight": TEXT}, (DTYPE, "weight")),
    refused("dtype of another kind that the caller can cast", "defaults", "other",
            {"x": floats(2)}, Wrong(DTYPE, "x")),
    bad("a rank too few", {"x": floats(3), "weight": doubles(1)}, (SHAPE, "x")),
    bad("a rank too many", {"x": floats(1, 2, 3), "weight": WEIGHT}, (SHAPE, "x")),
    bad("a wrong dimension", {"x": floats(2, 4), "weight": WEIGHT}, (SHAPE, "x")),
    bad("transposed", {"x": floats(3, 2), "weight": WEIGHT}, (SHAPE, "x")),
    bad("a scalar for a list", {"x": X, "weight": doubles()}, (SHAPE, "weight")),
    refused("a list for a scalar", "summator", "add",
            {"a": tensor("int8", [1]), "b": tensor("int8", 1)}, Wrong(SHAPE, "a")),
    bad("different numbers of rows", {"x": X, "weight": doubles(3)}, (ROWS, "weight")),
    bad("a map for a tensor", {"x": {"a": X}, "weight": WEIGHT}, (DTYPE, "x")),
    bad("everything at once", {"x": floats(4), "wight": TEXT},
        (SHAPE, "x"), (MISSING, "weight"), (UNEXPECTED, "wight")),
]  # fmt: skip
