"""Shapes that do not follow from the values, and payloads that do not fit them."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import EXHAUSTED, Case, refused
from tests.conformance.messages import reply, request, tensor


def mirror(sent):
    """Return a request to a model of two free axes."""
    return request("mirror", x=sent)


def identity(sent, dtype="float32"):
    """Return a request to the identity."""
    return request("identity_" + dtype, x=sent)


def floats(sizes, *values):
    """Return a float32 tensor in its typed field."""
    return tensor(hs.DT_FLOAT, sizes, float_val=values)


def of_unknown_rank(*values):
    """Return a tensor that says its rank is unknown."""
    message = floats((), *values)
    message.tensor_shape.unknown_rank = True
    return message


def told(title, sent, problem, dtype="float32"):
    """Return a case of a tensor that cannot be read."""
    return refused(title, "identity", identity(sent, dtype), f'input "x": {problem}')


SMALL = {"RUNTIME_MAX_EXPANDED_BYTES": "64KiB", "RUNTIME_MAX_MESSAGE_BYTES": "4KiB"}

CASES = [
    Case("-1 among dims", "identity", identity(floats([-1, 2], 1, 2, 3, 4, 5, 6)),
         reply(y=floats([3, 2], 1, 2, 3, 4, 5, 6))),
    Case("-1 for nothing", "identity", identity(floats([-1, 2])), reply(y=floats([0, 2]))),
    Case("unknown rank", "identity", identity(of_unknown_rank(1, 2)),
         reply(y=floats([2], 1, 2))),
    Case("many axes", "identity", identity(floats([1] * 8 + [2], 1, 2)),
         reply(y=floats([1] * 8 + [2], 1, 2))),
    Case("two free axes", "mirror", mirror(floats([2, 3], 1, 2, 3, 4, 5, 6)),
         reply(y=floats([2, 3], 3, 2, 1, 6, 5, 4))),
    Case("no rows of any length", "mirror", mirror(floats([0, 3])), reply(y=floats([0, 3]))),
    Case("rows of no length", "mirror", mirror(floats([2, 0])), reply(y=floats([2, 0]))),
    refused("one axis for two free ones", "mirror", mirror(floats([2], 1, 2)),
            'input "x": expected float32[-1, -1], got float32[2]: add a leading axis'),
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
    Case("uint8 in uint32_val", "identity",
         identity(tensor(hs.DT_UINT8, [2], uint32_val=[0, 255]), "uint8"),
         reply(y=tensor(hs.DT_UINT8, [2], int_val=[0, 255]))),
    Case("uint16 in uint32_val", "identity",
         identity(tensor(hs.DT_UINT16, [2], uint32_val=[0, 65535]), "uint16"),
         reply(y=tensor(hs.DT_UINT16, [2], int_val=[0, 65535]))),
    Case("repeated beyond the limit", "identity", identity(floats([2**20], 1)),
         status=EXHAUSTED, details="the request's repeated values would grow to 4194300 bytes, "
         "more than RUNTIME_MAX_EXPANDED_BYTES=65536", settings=SMALL),
    Case("a reply beyond the limit", "identity", identity(floats([1024], 1)),
         status=EXHAUSTED, details="the reply has 4117 bytes, RUNTIME_MAX_MESSAGE_BYTES allows "
         "4096", settings=SMALL),
    Case("a reply within the limit", "identity", identity(floats([1000], 1)),
         reply(y=floats([1000], *[1] * 1000)), settings=SMALL),
]  # fmt: skip
