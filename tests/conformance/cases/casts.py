"""Which dtypes stand for which others: NumPy's clients send float64 and int64 to everything."""

from serving_runtime.errors import ProblemKind
from tests.conformance.cases.dtypes import model_of, of_bits
from tests.support.cases import Wrong, answered, refused, tensor

STRICT = {"RUNTIME_CAST": "strict"}
CAST, DTYPE = (Wrong(kind, "x") for kind in (ProblemKind.CAST, ProblemKind.DTYPE))


def doubles(*values):
    """Return what NumPy's float arrays become."""
    return tensor("float64", values)


def longs(*values):
    """Return what NumPy's integer arrays become."""
    return tensor("int64", values)


def floats(*values):
    """Return float32 values."""
    return tensor("float32", values)


def cast(sent, back):
    """Return a case of an accepted cast."""
    dtype = back.dtype
    title = f"{sent.dtype} to {dtype}"
    return answered(title, model_of(dtype), "identity_" + dtype, {"x": sent}, y=back)


def kept(dtype, sent, wrong):
    """Return a case of a cast that is refused."""
    title = f"{sent.dtype} not to {dtype}: {wrong.kind.value}"
    return refused(title, model_of(dtype), "identity_" + dtype, {"x": sent}, wrong)


def strict(case):
    """Return a case under the strict policy."""
    return case._replace(title=f"strict: {case.title}", settings=STRICT)


CASES = [
    cast(doubles(0.1, -1e-50, float("inf")), floats(0.1, -0.0, float("inf"))),
    cast(floats(0.5), doubles(0.5)),
    cast(doubles(0.5), tensor("float16", [0.5])),
    cast(floats(1.0, 0.1), of_bits("bfloat16", 0x3F80, 0x3DCD)),  # to the nearest
    cast(longs(-128, 127), tensor("int8", [-128, 127])),
    cast(longs(0, 2**62), tensor("uint64", [0, 2**62])),
    cast(tensor("uint8", [255]), longs(255)),
    cast(longs(2**24, -3), floats(2.0**24, -3.0)),
    cast(longs(2**53), doubles(2.0**53)),
    cast(tensor("complex128", [1 + 2j]), tensor("complex64", [1 + 2j])),
    kept("float32", doubles(1.0, 1e39), CAST),
    kept("int8", longs(1, 128), CAST),
    kept("uint64", longs(-1), CAST),
    kept("float32", longs(2**24 + 1), CAST),
    kept("int32", doubles(1.0), DTYPE),
    kept("bool", longs(1), DTYPE),
    kept("float32", tensor("bool", [True]), DTYPE),
    kept("string", longs(1), DTYPE),
    kept("float64", tensor("string", [b"1"]), DTYPE),
    kept("float64", tensor("complex128", [1]), DTYPE),
    strict(cast(floats(1.0), floats(1.0))),
    strict(kept("float32", doubles(1.0), DTYPE)),
    strict(kept("float64", floats(1.0), DTYPE)),
]
