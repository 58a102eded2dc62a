"""Shapes that contracts leave open, and sizes that settings bound."""

import numpy as np

from serving_runtime.errors import ProblemKind
from tests.support.cases import EXHAUSTED, Wrong, answered, refused, tensor


def floats(sizes, *values):
    """Return a float32 tensor."""
    return tensor("float32", values, sizes)


def mirror(title, sent, back):
    """Return a case of a model of two free axes."""
    return answered(title, "mirror", "mirror", {"x": sent}, y=back)


ONES = {"x": tensor("float32", np.ones(950))}
# Widened to float64, a request within the limit gets a reply beyond it: also one of more digits.
TOO_MANY = {"x": tensor("float32", np.full(900, 0.1))}
SMALL = {"RUNTIME_MAX_MESSAGE_BYTES": "4KiB"}
MANY_AXES = floats([1] * 8 + [2], 1, 2)

CASES = [
    answered("many axes", "identity", "identity_float32", {"x": MANY_AXES}, y=MANY_AXES),
    mirror("two free axes", floats([2, 3], 1, 2, 3, 4, 5, 6), floats([2, 3], 3, 2, 1, 6, 5, 4)),
    mirror("no rows of any length", floats([0, 3]), floats([0, 3])),
    mirror("rows of no length", floats([2, 0]), floats([2, 0])),
    refused("one axis for two free ones", "mirror", "mirror", {"x": floats([2], 1, 2)},
            Wrong(ProblemKind.SHAPE, "x")),
    answered("a reply within the limit", "identity", "identity_float32", ONES, y=ONES["x"])
    ._replace(settings=SMALL),
    refused("a reply beyond the limit", "identity", "identity_float64", TOO_MANY,
            status=EXHAUSTED, text="RUNTIME_MAX_MESSAGE_BYTES")._replace(settings=SMALL),
]  # fmt: skip
