"""Estimators: methods by name, a table whole or by column, and values that are refused."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case, refused
from tests.conformance.messages import reply, request, tensor

NAN = float("nan")


def doubles(sizes, *values):
    """Return a float64 tensor."""
    return tensor(hs.DT_DOUBLE, sizes, double_val=values)


def floats(sizes, *values):
    """Return a float32 tensor."""
    return tensor(hs.DT_FLOAT, sizes, float_val=values)


def labels(*values):
    """Return a list of strings."""
    return tensor(hs.DT_STRING, [len(values)], string_val=values)


# The points are a at 0, 0; b 10 to the east; c 10 to the north.
NEAR_B_AND_C = doubles([2, 2], 10, 3, -4, 10)
EAST = doubles([2], 10, -4)
NORTH = tensor(hs.DT_INT64, [2, 1], int64_val=[3, 10])

CASES = [
    Case("the signature names the method", "estimator", request("predict", x=NEAR_B_AND_C),
         reply(label=labels(b"b", "ц".encode()))),
    Case("another method, in another dtype", "estimator", request("predict_proba", x=NEAR_B_AND_C),
         reply(probabilities=floats([2, 3], 0, 1, 0, 0, 0, 1))),
    Case("the outputs name the methods", "estimator", request("together", x=NEAR_B_AND_C), reply(
        label=labels(b"b", "ц".encode()),
        predict_proba=doubles([2, 3], 0, 1, 0, 0, 0, 1),
        distances=doubles([2, 1], 3, 4),
        indices=tensor(hs.DT_INT32, [2, 1], int_val=[1, 2]),
    )),
    Case("an input for each column", "estimator", request("by_column", east=EAST, north=NORTH),
         reply(predict=labels(b"b", "ц".encode()))),
    Case("integers for a table of floats", "estimator",
         request("predict", x=tensor(hs.DT_INT64, [1, 2], int64_val=[0, 1])),
         reply(label=labels(b"a"))),
    Case("no rows of a table", "estimator", request("together", x=doubles([0, 2])), reply(
        label=labels(),
        predict_proba=doubles([0, 3]),
        distances=doubles([0, 1]),
        indices=tensor(hs.DT_INT32, [0, 1]),
    )),
    refused("a column too many", "estimator", request("predict", x=doubles([1, 3], 1, 2, 3)),
            'input "x": expected float64[-1, 2], got float64[1, 3]'),
    refused("a column that is missing", "estimator", request("by_column", east=EAST),
            'input "north" is missing: expected int64[-1, 1]; …'),
    refused("columns of different lengths", "estimator",
            request("by_column", east=doubles([1], 0), north=NORTH),
            'input "north" has 2 rows, but input "east" has 1'),
    refused("a value that no estimator takes", "estimator",
            request("predict", x=doubles([1, 2], 0, NAN)), "Input …"),
]  # fmt: skip
