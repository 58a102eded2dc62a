"""What the caller sees of a model that fails or breaks its own contract."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import INTERNAL, INVALID, OUT_OF_RANGE, Wrong, answered, refused, tensor

LIMIT_BYTES = 1024
HIDDEN = {"RUNTIME_ERROR_DETAIL": "none"}


def doubles(*values):
    """Return float64 values."""
    return tensor("float64", values)


X = {"x": doubles(1, 2)}
# Hydrosphere's clients know a result of a wrong type by it.
NO_RESULT = "Type of a result ({}) is not `PredictResponse`, nor a dict of arrays by output name"


def fails(signature, status, text, **settings):
    """Return a case of the model ``failures`` which says itself what is wrong."""
    case = refused(signature, "failures", signature, X, status=status, text=text)
    return case._replace(settings=settings)


def breaks(signature, kind):
    """Return a case of one whose output ``y`` is not what the contract promises."""
    wrong = Wrong(kind, "y")
    return refused(signature, "failures", signature, X, wrong, status=OUT_OF_RANGE)


def take(*indices):
    """Return the input of the model ``lookup``."""
    return {"index": tensor("int32", indices)}


CASES = [
    answered("values that are in range", "lookup", "take", take(2, 0), y=doubles(2.5, 0.5)),
    refused("a value that is out of range", "lookup", "take", take(0, 9),
            text="indices[1] = 9 is not in [0, 3)"),
    answered("values that pass a check", "lookup", "root", {"x": doubles(4, 0)}, y=doubles(2, 0)),
    refused("a value that fails a check", "lookup", "root", {"x": doubles(4, -1)},
            text="assertion failed: [x must not be negative]"),
    # Hydrosphere's clients compare the details with repr(exception).
    fails("raises_two", INTERNAL, repr(ValueError("no such colour", "blue"))),
    fails("raises_own", INTERNAL, "<no such colour: 'blue' (try \"red\")>"),
    fails("raises_unicode", INTERNAL, repr(ValueError("größer als 5 €\n– 雪", 1))),
    fails("raises_long", INTERNAL, "ValueError('".ljust(LIMIT_BYTES - 3, "x") + "..."),
    fails("exits", INTERNAL, "SystemExit('over', 3)"),
    fails("interrupts", INTERNAL, "KeyboardInterrupt('a', 'b')"),
    fails("refuses", INVALID, "x must not be negative: row 0 is 1.0"),
    fails("returns_list", OUT_OF_RANGE, NO_RESULT.format("[1.5, 2.0]")),
    fails("returns_none", OUT_OF_RANGE, NO_RESULT.format("None")),
    fails("returns_long", OUT_OF_RANGE, NO_RESULT.format("x" * 400 + "...")),
    breaks("forgets", ProblemKind.MISSING),
    breaks("misspells", ProblemKind.MISSING),
    breaks("gives_strings", ProblemKind.DTYPE),
    breaks("gives_matrix", ProblemKind.SHAPE),
    breaks("gives_ragged", ProblemKind.DTYPE),
    breaks("gives_objects", ProblemKind.DTYPE),
    breaks("gives_too_large", ProblemKind.CAST),
    answered("gives_more", "failures", "gives_more", X, y=X["x"]),
    fails("raises_two", INTERNAL, "the model failed; the log has the reason", **HIDDEN),
    fails("refuses", INVALID, "x must not be negative: row 0 is 1.0", **HIDDEN),
]  # fmt: skip
