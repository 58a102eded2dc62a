"""Functions in Hydrosphere's own style: TensorProto in, PredictResponse out."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import INTERNAL, OUT_OF_RANGE, Wrong, answered, refused, tensor

ONE = tensor("int32", 1)
LABEL = tensor("string", "Schnee 雪\0")
X = tensor("float32", [[1, 2], [3, 4]])


def infer(title, x, label):
    """Return a case of the function ``infer``, which sums rows."""
    y = tensor("float64", [3, 7])
    return answered(title, "messages", "infer", {"x": x, "label": label}, y=y, label=label)


def fails(signature, status, *wrong, text=""):
    """Return a case of a function that does something wrong."""
    return refused(signature, "messages", signature, {"x": ONE}, *wrong, status=status, text=text)


CASES = [
    infer("rows", X, LABEL),
    infer("float64 for float32", tensor("float64", X.array), LABEL),
    infer("bytes that are no text", X, tensor("string", b"\xff\xfe")),
    answered("a map", "messages", "nested", {"m": {"n": ONE}}, m={"n": ONE}),
    answered("one value for a whole output", "messages", "repeated", {"x": ONE},
             y=tensor("int32", [1, 1, 1, 1])),
    fails("raises", INTERNAL, text=repr(ValueError("no such colour", "blue"))),
    fails("returns_text", OUT_OF_RANGE, text="Type of a result (y = 3) is not `PredictResponse`"),
    fails("returns_nothing", OUT_OF_RANGE, text="Type of a result (None) is not `PredictResponse`"),
    fails("forgets", OUT_OF_RANGE, Wrong(ProblemKind.MISSING, "y")),
    fails("contradicts", OUT_OF_RANGE, Wrong(ProblemKind.UNREADABLE, "y")),
]  # fmt: skip
