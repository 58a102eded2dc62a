"""Which signature a request means, what names it, and which outputs are wanted."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor


def scalar(value):
    """Return an int8 scalar."""
    return tensor("int8", value)


def vector(*values):
    """Return a list of int32."""
    return tensor("int32", values)


def unknown(title, model, signature, inputs):
    """Return a case of a signature that is not there."""
    wrong = Wrong(ProblemKind.UNKNOWN_SIGNATURE, signature)
    return refused(title, model, signature, inputs, wrong)


def asked(case, *outputs):
    """Return a case of which only some outputs are wanted."""
    return case._replace(asked=outputs)


A_B = {"a": scalar(3), "b": scalar(4)}
ROWS = {"x": tensor("float32", [[1, 2, 3]]), "weight": tensor("float64", [0.5])}
Y, COUNT = tensor("float64", [3.0]), tensor("int64", [3])

CASES = [
    answered("the first of two", "summator", "add", A_B, sum=scalar(7)),
    answered("the second of two", "summator", "mul", A_B, mul=scalar(12)),
    answered("a name that is the only one's", "features", "infer", ROWS, y=Y, rows=COUNT),
    answered("no name, one signature", "features", "", ROWS, y=Y, rows=COUNT),
    answered("no name, a default", "defaults", "", {"x": vector(1, 2)}, y=vector(1, 2)),
    answered("the default by name", "defaults", "serving_default", {"x": vector(1)}, y=vector(1)),
    answered("another than the default", "defaults", "other", {"x": vector(1, 2)},
             y=vector(-1, -2)),
    refused("no name, no default", "summator", "", A_B, Wrong(ProblemKind.NO_SIGNATURE, "")),
    unknown("unknown", "summator", "divide", A_B),
    unknown("misspelt", "summator", "ad", A_B),
    unknown("a name of another case", "defaults", "Other", {"x": vector(1)}),
    asked(answered("an output is chosen", "features", "infer", ROWS, rows=COUNT), "rows"),
    asked(answered("all outputs are chosen", "features", "infer", ROWS, y=Y, rows=COUNT),
          "rows", "y"),
    asked(refused("an unknown output is chosen", "features", "infer", ROWS,
                  Wrong(ProblemKind.UNKNOWN_OUTPUT, "row")), "row"),
    asked(refused("an output is chosen twice", "features", "infer", ROWS,
                  Wrong(ProblemKind.DUPLICATE_OUTPUT, "y")), "y", "rows", "y"),
]  # fmt: skip
