"""Which dtypes stand for which others: NumPy's clients send float64 and int64 to everything."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import INVALID, Case, refused
from tests.conformance.cases.dtypes import model_of
from tests.conformance.messages import reply, request, tensor

STRICT = {"RUNTIME_CAST": "strict"}


def doubles(*values):
    """Return what NumPy's float arrays become."""
    return tensor(hs.DT_DOUBLE, [len(values)], double_val=values)


def longs(*values):
    """Return what NumPy's integer arrays become."""
    return tensor(hs.DT_INT64, [len(values)], int64_val=values)


def floats(*values):
    """Return float32 values."""
    return tensor(hs.DT_FLOAT, [len(values)], float_val=values)


def cast(dtype, sent, back):
    """Return a case of an accepted cast."""
    name = hs.DataType.Name(sent.dtype)
    return Case(f"{name} to {dtype}", model_of(dtype), request("identity_" + dtype, x=sent),
                reply(y=back))  # fmt: skip


def kept(dtype, sent, problem):
    """Return a case of a cast that is refused."""
    name = hs.DataType.Name(sent.dtype)
    sent = request("identity_" + dtype, x=sent)
    title = f"{name} not to {dtype}: {problem}"
    return refused(title, model_of(dtype), sent, f'input "x": expected {problem}')


CASES = [
    cast("float32", doubles(0.1, -1e-50, float("inf")), floats(0.1, -0.0, float("inf"))),
    cast("float64", floats(0.5), doubles(0.5)),
    cast("float16", doubles(0.5), tensor(hs.DT_HALF, [1], half_val=[0x3800])),
    cast("bfloat16", floats(1.0), tensor(hs.DT_BFLOAT16, [1], half_val=[0x3F80])),
    cast("int8", longs(-128, 127), tensor(hs.DT_INT8, [2], int_val=[-128, 127])),
    cast("uint64", longs(0, 2**62), tensor(hs.DT_UINT64, [2], uint64_val=[0, 2**62])),
    cast("int64", tensor(hs.DT_UINT8, [1], int_val=[255]), longs(255)),
    cast("float32", longs(2**24, -3), floats(2.0**24, -3.0)),
    cast("float64", longs(2**53), doubles(2.0**53)),
    cast("complex64", tensor(hs.DT_COMPLEX128, [1], dcomplex_val=[1, 2]),
         tensor(hs.DT_COMPLEX64, [1], scomplex_val=[1, 2])),
    kept("float32", doubles(1.0, 1e39), "float32[...], got float64[2]: 1e+39 overflows float32 to "
         "infinity"),
    kept("int8", longs(1, 128), "int8[...], got int64[2]: 128 does not fit int8 (-128 to 127)"),
    kept("uint64", longs(-1), "uint64[...], got int64[1]: -1 does not fit uint64 (0 to "
         "18446744073709551615)"),
    kept("float32", longs(2**24 + 1), "float32[...], got int64[1]: 16777217 is not exact in "
         "float32"),
    kept("int32", doubles(1.0), "int32[...], got float64[1]: cast"),
    kept("bool", longs(1), "bool[...], got int64[1]: cast"),
    kept("float32", tensor(hs.DT_BOOL, [1], bool_val=[True]),
         "float32[...], got bool[1]: cast"),
    kept("string", longs(1), "string[...], got int64[1]"),
    kept("float64", tensor(hs.DT_STRING, [1], string_val=[b"1"]), "float64[...], got string[1]"),
    kept("float64", tensor(hs.DT_COMPLEX128, [1], dcomplex_val=[1, 0]),
         "float64[...], got complex128[1]"),
    Case("strict takes the same", "identity", request("identity_float32", x=floats(1.0)),
         reply(y=floats(1.0)), settings=STRICT),
    Case("strict refuses to narrow", "identity", request("identity_float32", x=doubles(1.0)),
         status=INVALID, details='input "x": expected float32[...], got float64[1]: cast',
         settings=STRICT),
    Case("strict refuses to widen", "identity", request("identity_float64", x=floats(1.0)),
         status=INVALID, details='input "x": expected float64[...], got float32[1]: cast',
         settings=STRICT),
]  # fmt: skip
