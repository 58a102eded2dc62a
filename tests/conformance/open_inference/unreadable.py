"""Tensors that cannot be read, whatever the model."""

from serving_runtime.operations import INFER
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.cases import EXHAUSTED, INVALID
from tests.support.wires.open_inference_protobuf import Request


def request(datatype, shape, raw=None, name="x", **contents):
    """Return a request with one input, whose values are as given: raw, or typed by field."""
    message = Request()
    message.parameters["signature_name"].string_param = "identity_float32"
    tensor = message.inputs.add(name=name, datatype=datatype, shape=shape)
    for field, values in contents.items():
        getattr(tensor.contents, field).extend(values)
    if raw is not None:
        message.raw_input_contents.append(raw)
    return message


def told(title, message, problem, status=INVALID, **settings):
    """Return an exchange of a request that is refused."""
    return Exchange(title, "identity", "identity_float32", message.SerializeToString(), None,
                    status, problem, settings, INFER)  # fmt: skip


def of_x(title, message, problem):
    """Return one whose input ``x`` cannot be read."""
    return told(title, message, f'input "x": {problem}')


def floats(shape, *values):
    """Return a request with floats in typed contents."""
    return request("FP32", shape, fp32_contents=values)


def several(*messages):
    """Return one request with the inputs and raw contents of all."""
    merged = Request()
    for message in messages:
        merged.MergeFrom(message)
    return merged


F = bytes(4)
RAW = request("FP32", [1], F)
SMALL = {"RUNTIME_MAX_EXPANDED_BYTES": "64KiB"}

EXCHANGES = [
    of_x("values in both", request("FP32", [1], F, fp32_contents=[1]),
         "values in both contents and raw_input_contents"),
    told("fewer raw contents than inputs", several(RAW, request("FP32", [1], name="y")),
         "1 raw_input_contents for 2 inputs: expected one for each input, in their order, or none"),
    told("more raw contents than inputs", several(RAW, Request(raw_input_contents=[F])),
         "2 raw_input_contents for 1 inputs: expected one for each input, in their order, or none"),
    of_x("an input twice", several(RAW, RAW), "there are several inputs of this name"),
    of_x("raw contents too short", request("FP32", [2, 2], F),
         "4 bytes of raw contents, but FP32[2, 2] takes 16"),
    of_x("raw contents too long", request("FP32", [], F * 2),
         "8 bytes of raw contents, but FP32[] takes 4"),
    of_x("no raw contents", request("FP32", [1], b""),
         "0 bytes of raw contents, but FP32[1] takes 4"),
    of_x("raw contents for nothing", request("FP32", [0], F),
         "4 bytes of raw contents, but FP32[0] takes 0"),
    of_x("a bool that is neither", request("BOOL", [2], b"\1\2"),
         "raw contents of BOOL have bytes other than 0 and 1"),
    of_x("too few values", floats([2], 1), "1 value for 2 elements of shape [2]"),
    of_x("too many values", floats([1], 1, 2), "2 values for 1 element of shape [1]"),
    of_x("no values", floats([2]), "no values for 2 elements of shape [2]"),
    of_x("a scalar without a value", floats([]), "no values for 1 element of shape []"),
    of_x("values for nothing", floats([0, 3], 1), "1 value for 0 elements of shape [0, 3]"),
    of_x("a negative dimension", floats([-1], 1), "dimension -1 in shape [-1] is negative"),
    of_x("too many axes", floats([1] * 33, 1), "33 dimensions are more than 32"),
    of_x("a product that overflows 64 bits", request("FP32", [2**32, 2**32], F),
         "shape [4294967296, 4294967296] is too large for any array"),
    of_x("a product that overflows to 0", floats([2**32, 2**31, 2], 1),
         "shape [4294967296, 2147483648, 2] is too large for any array"),
    of_x("values in another field", request("FP32", [1], fp64_contents=[1]),
         "FP32 has its values in fp32_contents, not in fp64_contents"),
    of_x("values in two fields", request("FP32", [1], fp32_contents=[1], fp64_contents=[1]),
         "values in both fp32_contents and fp64_contents"),
    of_x("halves in typed contents", request("FP16", [1], fp32_contents=[1]),
         "FP16 has its values in raw contents only, not in fp32_contents"),
    of_x("no datatype", request("", [1], F),
         'datatype "" is none of BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, '
         "FP16, BF16, FP32, FP64, BYTES"),
    of_x("a datatype of somebody else's", request("float32", [1], F),
         'datatype "float32" is none …'),
    of_x("a value beyond the datatype", request("INT8", [1], int_contents=[128]),
         "128 does not fit INT8 (-128 to 127)"),
    of_x("bytes cut within a length", request("BYTES", [1], b"\1\0\0"),
         "3 bytes of raw contents cannot be 1 element of BYTES, which begin with 4 bytes of length "
         "each"),
    of_x("bytes cut within an element", request("BYTES", [2], b"\1\0\0\0a\2\0\0\0b"),
         "raw contents of BYTES end within element 1 of 2"),
    of_x("bytes left over", request("BYTES", [1], b"\1\0\0\0ab"),
         "1 byte of raw contents left over after 1 element of BYTES"),
    of_x("a length beyond everything", request("BYTES", [1], b"\xff\xff\xff\xffa"),
         "raw contents of BYTES end within element 0 of 1"),
    told("several that cannot be read",
         several(request("FP32", [2], F), request("FP99", [1], F, "y")), 'input "x": 4 bytes of '
         'raw contents, but FP32[2] takes 8; input "y": datatype "FP99" is …'),
    told("rows without columns beyond the limit", request("FP32", [2**20, 0], b""),
         "the request's rows without columns would grow to 4194304 bytes, more than "
         "RUNTIME_MAX_EXPANDED_BYTES=65536", EXHAUSTED, **SMALL),
]  # fmt: skip
