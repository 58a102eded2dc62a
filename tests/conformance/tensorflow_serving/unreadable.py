"""Tensors that cannot be read, whatever the model."""

import hydro_serving_grpc as hs
from tests.conformance.tensorflow_serving.exchange import Exchange, refused
from tests.support.cases import EXHAUSTED
from tests.support.messages import request, tensor


def floats(sizes, *values):
    """Return a float32 tensor in its typed field."""
    return tensor(hs.DT_FLOAT, sizes, float_val=values)


def told(title, sent, problem, dtype="float32"):
    """Return an exchange of a tensor that is no input of an identity."""
    signature = "identity_" + dtype
    sent = request(signature, x=sent)
    return refused(title, "identity", signature, sent, f'input "x": {problem}')


SMALL = {"RUNTIME_MAX_EXPANDED_BYTES": "64KiB"}
MANY = request("identity_float32", x=floats([2**20], 1))

EXCHANGES = [
    told("-1 that nothing fits", floats([-1, 2], 1, 2, 3),
         "3 values do not tell the -1 in shape [-1, 2]"),
    told("-1 beside a 0", floats([-1, 0]), "0 values do not tell the -1 in shape [-1, 0]"),
    told("two -1", floats([-1, -1], 1), "shape [-1, -1] has more than one -1"),
    told("a negative dimension", floats([-2], 1), "dimension -2 in shape [-2] is negative"),
    told("too many values", floats([2], 1, 2, 3), "3 values for 2 elements of shape [2]"),
    told("no values", floats([2]), "no values for 2 elements of shape [2]"),
    told("a scalar without a value", floats(None), "no values for 1 element of shape []"),
    told("content too short", tensor(hs.DT_FLOAT, [2], tensor_content=b"\0" * 4),
         "1 value for 2 elements of shape [2]"),
    told("content too long", tensor(hs.DT_FLOAT, [1], tensor_content=b"\0" * 8),
         "2 values for 1 element of shape [1]"),
    told("content cut within a value", tensor(hs.DT_FLOAT, [2], tensor_content=b"\0" * 7),
         "tensor_content of 7 bytes is no multiple of float32's 4"),
    told("a product that overflows 64 bits", floats([2**32, 2**32], 1),
         "shape [4294967296, 4294967296] is too large for any array"),
    told("a product that overflows to 0", floats([2**32, 2**31, 2], 1),
         "shape [4294967296, 2147483648, 2] is too large for any array"),
    told("too many axes", floats([1] * 33, 1), "33 dimensions are more than 32"),
    told("values in another field", tensor(hs.DT_FLOAT, [1], double_val=[1]),
         "float32 has its values in float_val or tensor_content, not in double_val"),
    told("values in two fields", tensor(hs.DT_FLOAT, [1], float_val=[1], tensor_content=b"\0" * 4),
         "values in both float_val and tensor_content"),
    told("no dtype", tensor(0, [1], float_val=[1]),
         "dtype number 0 is not one that tensors are served in"),
    told("half of a complex number", tensor(hs.DT_COMPLEX64, [1], scomplex_val=[1, 2, 3]),
         "3 numbers do not make pairs for complex64", dtype="complex64"),
    told("a value beyond the dtype", tensor(hs.DT_INT8, [1], int_val=[128]),
         "128 does not fit int8 (-128 to 127)", dtype="int8"),
    told("a bool that is neither", tensor(hs.DT_BOOL, [1], tensor_content=b"\2"),
         "tensor_content of bool has bytes other than 0 and 1", dtype="bool"),
    told("strings in tensor_content", tensor(hs.DT_STRING, [1], tensor_content=b"\1a"),
         "string has its values in string_val, not in tensor_content", dtype="string"),
    Exchange("repeated beyond the limit", "identity", "identity_float32", MANY, status=EXHAUSTED,
             details="the request's repeated values would grow to 4194300 bytes, "
             "more than RUNTIME_MAX_EXPANDED_BYTES=65536", settings=SMALL),
]  # fmt: skip
