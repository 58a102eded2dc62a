"""Whole requests: the words of their refusals, what is ignored in them, and bytes that are none.

Each kind of problem is worded once; ``common/tests`` has the others.
"""

import hydro_serving_grpc as hs
from tests.conformance.tensorflow_serving.exchange import Exchange, refused
from tests.support.cases import EXHAUSTED
from tests.support.messages import mapping, reply, request, tensor


def scalar(value):
    """Return an int8 scalar."""
    return tensor(hs.DT_INT8, (), int_val=[value])


def text(value):
    """Return a string scalar."""
    return tensor(hs.DT_STRING, [], string_val=[value.encode()])


def addressed(name, version):
    """Return the bytes of a request as the gateway sends it, with a model's name and version."""
    message = hs.PredictRequest(inputs={"a": scalar(3), "b": scalar(4)})
    message.model_spec.name = name
    message.model_spec.version.value = version
    message.model_spec.signature_name = "add"
    return message.SerializeToString()


def user(**changes):
    """Return the map that the model ``maps`` expects, changed."""
    fields = {
        "name": text("Ada"),
        "scores": tensor(hs.DT_FLOAT, [2], float_val=[0.5, 2]),
        "address": mapping(city=text("Zürich")),
    }
    return mapping(**{**fields, **changes})


def greet(title, sent, card):
    """Return an exchange with the model ``maps``."""
    return Exchange(title, "maps", "greet", request("greet", user=sent), reply(card=card))


def unread(title, sent, problem):
    """Return one whose map cannot be read."""
    return refused(title, "maps", "greet", request("greet", user=sent), f'input "user": {problem}')


def infer(title, x, label, y):
    """Return an exchange with a function in Hydrosphere's style."""
    sent = request("infer", x=x, label=label)
    return Exchange(title, "messages", "infer", sent, reply(y=y, label=label))


ROWS = {
    "x": tensor(hs.DT_FLOAT, [1, 3], float_val=[1, 2, 3]),
    "weight": tensor(hs.DT_DOUBLE, [1], double_val=[0.5]),
}
WORDS = tensor(hs.DT_STRING, [2], string_val=[b"a", b"b"])
BEST = tensor(hs.DT_FLOAT, [], float_val=[2])
SHAPELESS = user()
SHAPELESS.ClearField("tensor_shape")
LABEL = text("Schnee 雪\0")
X = request("identity_float32", x=tensor(hs.DT_FLOAT, [1024], float_val=[1]))
SMALL = {"RUNTIME_MAX_MESSAGE_BYTES": "4KiB"}

EXCHANGES = [
    Exchange("name and version are ignored", "summator", "add", addressed("no-such-model", 99),
             reply(sum=scalar(7))),
    refused("unknown signature", "summator", "divide", request("divide", a=scalar(3)),
            "divide signature is not present in the model; it has: add, mul"),
    refused("misspelt signature", "summator", "ad", request("ad", a=scalar(3)),
            'ad signature is not present in the model; it has: add, mul: did you mean "add"?'),
    refused("no signature, no default", "summator", "", request("", a=scalar(3)),
            "the request names no signature; the model has: add, mul"),
    refused("an unknown output", "features", "infer", request("infer", ["row"], **ROWS),
            'output_filter names "row", but the outputs are: y, rows: did you mean "rows"?; '
            "output tensor alias not found in signature: row Outputs expected to be in the set "
            "{rows,y}."),
    refused("an output twice", "features", "infer", request("infer", ["y", "rows", "y"], **ROWS),
            'output_filter names "y" twice; duplicate output tensor alias: y'),
    refused("no request at all", "features", "", b"", 'input "x" is missing: expected '
            'float32[-1, 3]; input "weight" is missing: expected float64[-1]; '
            "input size does not match signature: 0!=2 len({}) != len({weight,x}). "
            "Sent extra: {}. Missing but required: {weight,x}."),
    refused("every kind of problem", "features", "infer", request(
        "infer", x=tensor(hs.DT_FLOAT, [4], float_val=[1]), wight=WORDS
    ), 'input "x": expected float32[-1, 3], got float32[4]; input "weight" is missing: expected '
       'float64[-1]; input "wight" is not in the signature: did you mean "weight"?; input tensor '
       "alias not found in signature: wight. Inputs expected to be in the set {weight,x}."),
    refused("bytes that are no message", "features", "infer", b"\xff\xfe no protobuf",
            "not a PredictRequest: …"),
    refused("a message cut short", "features", "infer", request("infer", **ROWS)[:-3],
            "not a PredictRequest: …"),
    Exchange("a reply beyond the limit", "identity", "identity_float32", X, status=EXHAUSTED,
             details="the reply has 4117 bytes, RUNTIME_MAX_MESSAGE_BYTES allows 4096",
             settings=SMALL),
    greet("a map without a shape", SHAPELESS, mapping(text=text("Ada from Zürich"), best=BEST)),
    greet("content inside a map",
          user(scores=tensor(hs.DT_FLOAT, [2], tensor_content=b"\0\0\0\x3f\0\0\0\x40")),
          mapping(text=text("Ada from Zürich"),
                  best=tensor(hs.DT_FLOAT, [], tensor_content=b"\0\0\0\x40"))),
    unread("two maps in one tensor", tensor(
        hs.DT_MAP, [2], map_val=[hs.MapTensorData(), hs.MapTensorData()]
    ), "2 maps in shape [2]: only one is served"),
    unread("a tensor inside a map that cannot be read",
           user(scores=tensor(hs.DT_FLOAT, [3], tensor_content=b"abc")),
           'in "scores": tensor_content of 3 bytes is no multiple of float32\'s 4'),
    infer("-1 is filled in", tensor(hs.DT_FLOAT, [-1, 2], float_val=[1, 2, 3, 4]), LABEL,
          tensor(hs.DT_DOUBLE, [2], double_val=[3, 7])),
]  # fmt: skip
