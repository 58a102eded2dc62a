"""Estimators: methods by name, a table whole or by column, and values that are refused."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor

NAN = float("nan")


def doubles(sizes, *values):
    """Return a float64 tensor."""
    return tensor("float64", values, sizes)


def labels(*values):
    """Return a list of strings."""
    return tensor("string", list(values), [len(values)])


def asked(title, signature, *, of, **outputs):
    """Return a case of an estimator's method."""
    return answered(title, "estimator", signature, of, **outputs)


def wrong(title, signature, inputs, *problems, **more):
    """Return a case that an estimator refuses."""
    return refused(title, "estimator", signature, inputs, *problems, **more)


# The points are a at 0, 0; b 10 to the east; c 10 to the north.
NEAR_B_AND_C = {"x": doubles([2, 2], 10, 3, -4, 10)}
EAST = doubles([2], 10, -4)
NORTH = tensor("int64", [[3], [10]])
ONE_HOT = [0, 1, 0, 0, 0, 1]

CASES = [
    asked("the signature names the method", "predict", of=NEAR_B_AND_C, label=labels("b", "ц")),
    asked("another method, in another dtype", "predict_proba", of=NEAR_B_AND_C,
          probabilities=tensor("float32", ONE_HOT, [2, 3])),
    asked("the outputs name the methods", "together", of=NEAR_B_AND_C,
          label=labels("b", "ц"),
          predict_proba=doubles([2, 3], *ONE_HOT),
          distances=doubles([2, 1], 3, 4),
          indices=tensor("int32", [[1], [2]])),
    asked("an input for each column", "by_column", of={"east": EAST, "north": NORTH},
          predict=labels("b", "ц")),
    asked("integers for a table of floats", "predict", of={"x": tensor("int64", [[0, 1]])},
          label=labels("a")),
    asked("no rows of a table", "together", of={"x": doubles([0, 2])},
          label=labels(),
          predict_proba=doubles([0, 3]),
          distances=doubles([0, 1]),
          indices=tensor("int32", [], [0, 1])),
    wrong("a column too many", "predict", {"x": doubles([1, 3], 1, 2, 3)},
          Wrong(ProblemKind.SHAPE, "x")),
    wrong("a column that is missing", "by_column", {"east": EAST},
          Wrong(ProblemKind.MISSING, "north")),
    wrong("columns of different lengths", "by_column", {"east": doubles([1], 0), "north": NORTH},
          Wrong(ProblemKind.ROWS, "north")),
    wrong("a value that no estimator takes", "predict", {"x": doubles([1, 2], 0, NAN)},
          text="Input "),
]  # fmt: skip
