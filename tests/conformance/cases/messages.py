"""Functions in Hydrosphere's own style: TensorProto in, PredictResponse out."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import INTERNAL, OUT_OF_RANGE, Case
from tests.conformance.messages import mapping, reply, request, tensor

ONE = tensor(hs.DT_INT32, [], int_val=[1])
LABEL = tensor(hs.DT_STRING, [], string_val=["Schnee 雪\0".encode()])
NOT_TEXT = tensor(hs.DT_STRING, [], string_val=[b"\xff\xfe"])
Y = tensor(hs.DT_DOUBLE, [2], double_val=[3, 7])
X = tensor(hs.DT_FLOAT, [2, 2], float_val=[1, 2, 3, 4])
WIDE = tensor(hs.DT_DOUBLE, [2, 2], double_val=[1, 2, 3, 4])
CONTENT = tensor(hs.DT_FLOAT, [1, 2], tensor_content=b"\0\0\x80\x3f\0\0\0\x40")


def infer(title, x, label, y):
    """Return a case of the function ``infer``."""
    return Case(title, "messages", request("infer", x=x, label=label), reply(y=y, label=label))


def fails(signature_name, status, details):
    """Return a case of a function that does something wrong."""
    return Case(signature_name, "messages", request(signature_name, x=ONE),
                status=status, details=details)  # fmt: skip


CASES = [
    infer("typed values", X, LABEL, Y),
    infer("float64 for float32", WIDE, LABEL, Y),
    infer("-1 is filled in", tensor(hs.DT_FLOAT, [-1, 2], float_val=[1, 2, 3, 4]), LABEL, Y),
    infer("bytes that are no text", X, NOT_TEXT, Y),
    infer("content goes back as content", CONTENT, LABEL,
          tensor(hs.DT_DOUBLE, [1], tensor_content=b"\0\0\0\0\0\0\x08\x40")),
    Case("a map", "messages", request("nested", m=mapping(n=ONE)), reply(m=mapping(n=ONE))),
    Case("one value for a whole output", "messages", request("repeated", x=ONE),
         reply(y=tensor(hs.DT_INT32, [4], int_val=[1] * 4))),
    fails("raises", INTERNAL, repr(ValueError("no such colour", "blue"))),
    fails("returns_text", OUT_OF_RANGE, "Type of a result (y = 3) is not `PredictResponse`"),
    fails("returns_nothing", OUT_OF_RANGE, "Type of a result (None) is not `PredictResponse`"),
    fails("forgets", OUT_OF_RANGE, 'output "y" is missing: expected int32[]'),
    fails("contradicts", OUT_OF_RANGE, 'output "y": 5 values for 4 elements of shape [4]'),
]  # fmt: skip
