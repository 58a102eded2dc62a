"""What is checked of a request's inputs before the model sees them."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case, refused
from tests.conformance.messages import mapping, reply, request, tensor


def floats(*sizes, dtype=hs.DT_FLOAT, field="float_val"):
    """Return a tensor of ones."""
    return tensor(dtype, sizes, **{field: [1]})


def doubles(*sizes):
    """Return a float64 tensor of ones."""
    return floats(*sizes, dtype=hs.DT_DOUBLE, field="double_val")


def infer(**inputs):
    """Return a request to the model ``features``."""
    return request("infer", **inputs)


X, WEIGHT = floats(2, 3), doubles(2)
MISSING_WEIGHT = 'input "weight" is missing: expected float64[-1]'
# TensorFlow Serving's words, after ours.
TOO_FEW = (
    "; input size does not match signature: 1!=2 len({x}) != len({weight,x}). Sent extra: {}. "
    "Missing but required: {weight}."
)
UNKNOWN = (
    "; input tensor alias not found in signature: %s. Inputs expected to be in the set {weight,x}."
)
TEXT = tensor(hs.DT_STRING, [2], string_val=[b"a", b"b"])

CASES = [
    Case("several rows", "features", infer(x=X, weight=WEIGHT), reply(
        y=tensor(hs.DT_DOUBLE, [2], double_val=[3, 3]),
        rows=tensor(hs.DT_INT64, [2], int64_val=[3, 3]),
    )),
    Case("no rows", "features", infer(
        x=tensor(hs.DT_FLOAT, [0, 3]), weight=tensor(hs.DT_DOUBLE, [0])
    ), reply(y=tensor(hs.DT_DOUBLE, [0]), rows=tensor(hs.DT_INT64, [0]))),
    Case("content in, content out", "features", infer(
        x=tensor(hs.DT_FLOAT, [1, 3], tensor_content=b"\0\0\x80\x3f" * 3),
        weight=tensor(hs.DT_DOUBLE, [1], tensor_content=b"\0\0\0\0\0\0\xf0\x3f"),
    ), reply(
        y=tensor(hs.DT_DOUBLE, [1], tensor_content=b"\0\0\0\0\0\0\x08\x40"),
        rows=tensor(hs.DT_INT64, [1], tensor_content=b"\3\0\0\0\0\0\0\0"),
    )),
    Case("one typed input makes typed outputs", "features", infer(
        x=tensor(hs.DT_FLOAT, [1, 3], tensor_content=b"\0\0\x80\x3f" * 3), weight=doubles(1)
    ), reply(
        y=tensor(hs.DT_DOUBLE, [1], double_val=[3]), rows=tensor(hs.DT_INT64, [1], int64_val=[3])
    )),
    refused("missing", "features", infer(x=X), MISSING_WEIGHT + TOO_FEW),
    refused("missing and extra", "features", infer(x=X, y=X, z=X),
            f'{MISSING_WEIGHT}; input "y" is not in the signature; input "z" is not in the '
            "signature; input size does not match signature: 3!=2 len({x,y,z}) != "
            "len({weight,x}). Sent extra: {y,z}. Missing but required: {weight}."),
    refused("extra", "features", infer(x=X, weight=WEIGHT, z=X),
            'input "z" is not in the signature'),
    refused("misspelt", "features", infer(x=X, wieght=WEIGHT),
            f'{MISSING_WEIGHT}; input "wieght" is not in the signature: did you mean "weight"?'
            + UNKNOWN % "wieght"),
    refused("dtype of another kind", "features", infer(x=X, weight=TEXT),
            'input "weight": expected float64[-1], got string[2]'),
    refused("dtype of another kind that the caller can cast", "defaults",
            request("other", x=floats(2)),
            'input "x": expected int32[-1], got float32[2]: cast'),
    refused("a rank too few", "features", infer(x=floats(3), weight=doubles(1)),
            'input "x": expected float32[-1, 3], got float32[3]: add a leading axis'),
    refused("a rank too many", "features", infer(x=floats(1, 2, 3), weight=WEIGHT),
            'input "x": expected float32[-1, 3], got float32[1, 2, 3]: drop the leading axis'),
    refused("a wrong dimension", "features", infer(x=floats(2, 4), weight=WEIGHT),
            'input "x": expected float32[-1, 3], got float32[2, 4]'),
    refused("transposed", "features", infer(x=floats(3, 2), weight=WEIGHT),
            'input "x": expected float32[-1, 3], got float32[3, 2]: transpose'),
    refused("a scalar for a list", "features", infer(x=X, weight=doubles()),
            'input "weight": expected float64[-1], got float64[]: add a leading axis'),
    refused("a list for a scalar", "summator", request(
        "add", a=tensor(hs.DT_INT8, [1], int_val=[1]), b=tensor(hs.DT_INT8, [], int_val=[1])
    ), 'input "a": expected int8[], got int8[1]: drop the leading axis'),
    refused("different numbers of rows", "features", infer(x=X, weight=doubles(3)),
            'input "weight" has 3 rows, but input "x" has 2'),
    refused("a map for a tensor", "features", infer(x=mapping(a=X), weight=WEIGHT),
            'input "x": expected float32[-1, 3], got map'),
    refused("everything at once", "features", infer(x=floats(4), wight=TEXT),
            'input "x": expected float32[-1, 3], got float32[4]; '
            f'{MISSING_WEIGHT}; input "wight" is not in the signature: did you mean "weight"?'
            + UNKNOWN % "wight"),
]  # fmt: skip
