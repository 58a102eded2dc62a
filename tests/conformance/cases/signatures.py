"""Which signature a request means, and what names it."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case, refused
from tests.conformance.messages import reply, request, tensor


def scalar(value):
    """Return an int8 scalar."""
    return tensor(hs.DT_INT8, (), int_val=[value])


def vector(*values):
    """Return a list of int32."""
    return tensor(hs.DT_INT32, [len(values)], int_val=values)


def addressed(name, version):
    """Return the bytes of a request as the gateway sends it, with a model's name and version."""
    message = hs.PredictRequest(inputs={"a": scalar(3), "b": scalar(4)})
    message.model_spec.name = name
    message.model_spec.version.value = version
    message.model_spec.signature_name = "add"
    return message.SerializeToString()


A_B = {"a": scalar(3), "b": scalar(4)}
ROWS = {
    "x": tensor(hs.DT_FLOAT, [1, 3], float_val=[1, 2, 3]),
    "weight": tensor(hs.DT_DOUBLE, [1], double_val=[0.5]),
}
WEIGHTED = reply(
    y=tensor(hs.DT_DOUBLE, [1], double_val=[3.0]),
    rows=tensor(hs.DT_INT64, [1], int64_val=[3]),
)

CASES = [
    Case("the first of two", "summator", request("add", **A_B), reply(sum=scalar(7))),
    Case("the second of two", "summator", request("mul", **A_B), reply(mul=scalar(12))),
    Case("name and version are ignored", "summator", addressed("no-such-model", 99),
         reply(sum=scalar(7))),
    Case("a name that is the only one's", "features", request("infer", **ROWS), WEIGHTED),
    Case("no name, one signature", "features", request("", **ROWS), WEIGHTED),
    Case("no name, a default", "defaults", request("", x=vector(1, 2)), reply(y=vector(1, 2))),
    Case("the default by name", "defaults", request("serving_default", x=vector(1)),
         reply(y=vector(1))),
    Case("another than the default", "defaults", request("other", x=vector(1, 2)),
         reply(y=vector(-1, -2))),
    refused("no name, no default", "summator", request("", **A_B),
            "the request names no signature; the model has: add, mul"),
    refused("unknown", "summator", request("divide", **A_B),
            "divide signature is not present in the model; it has: add, mul"),
    refused("misspelt", "summator", request("ad", **A_B),
            'ad signature is not present in the model; it has: add, mul: did you mean "add"?'),
    refused("a name of another case", "defaults", request("Other", x=vector(1)),
            "Other signature is not present in the model; it has: other, serving_default: "
            'did you mean "other"?'),
    Case("an output is chosen", "features", request("infer", ["rows"], **ROWS),
         reply(rows=WEIGHTED.outputs["rows"])),
    refused("an unknown output is chosen", "features", request("infer", ["row"], **ROWS),
            'output_filter names "row", but the outputs are: y, rows: did you mean "rows"?; '
            "output tensor alias not found in signature: row Outputs expected to be in the set "
            "{rows,y}."),
    refused("an output is chosen twice", "features",
            request("infer", ["y", "rows", "y"], **ROWS),
            'output_filter names "y" twice; duplicate output tensor alias: y'),
    Case("all outputs are chosen", "features", request("infer", ["rows", "y"], **ROWS), WEIGHTED),
    refused("no request at all", "features", b"", 'input "x" is missing: expected '
            'float32[-1, 3]; input "weight" is missing: expected float64[-1]; '
            "input size does not match signature: 0!=2 len({}) != len({weight,x}). "
            "Sent extra: {}. Missing but required: {weight,x}."),
    refused("bytes that are no message", "features", b"\xff\xfe no protobuf",
            "not a PredictRequest: …"),
    refused("a message cut short", "features", request("infer", **ROWS)[:-3],
            "not a PredictRequest: …"),
]  # fmt: skip
