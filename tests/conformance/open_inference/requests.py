"""Whole requests: what chooses a model and a signature, what comes back, and what is refused."""

from serving_runtime.operations import INFER
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.cases import DEADLINE, INVALID, NOT_FOUND, UNIMPLEMENTED, tensor
from tests.support.wires.open_inference_protobuf import reply, request

X, WEIGHT = tensor("float32", [[1, 2, 3]]), tensor("float64", [0.5])
ROWS = {"x": X, "weight": WEIGHT}
SUMS = {"y": tensor("float64", [3.0]), "rows": tensor("int64", [3])}
PREDICT = "/tensorflow.serving.PredictionService/Predict"


def infer(title, outputs=SUMS, as_raw=False, model="features", inputs=ROWS, **fields):
    """Return an exchange of a request with these fields, and its reply in the same form."""
    message = request(inputs, as_raw, **fields)
    back = reply(outputs, as_raw, model_name=model, model_version="1", id=fields.get("id", ""))
    return Exchange(title, model, "", message.SerializeToString(), back, operation=INFER)


def refused(title, details, status=INVALID, model="features", inputs=ROWS, **fields):
    """Return an exchange of a request with these fields that is refused."""
    sent = request(inputs, False, **fields).SerializeToString()
    return Exchange(title, model, "", sent, None, status, details, operation=INFER)


def changed(exchange, change):
    """Return an exchange whose request is changed."""
    message = request({}, False).FromString(exchange.request)
    change(message)
    return exchange._replace(request=message.SerializeToString())


def with_parameters(exchange, **parameters):
    """Return an exchange whose request has parameters, each by the name of its kind and a value."""

    def change(message):
        for name, (kind, value) in parameters.items():
            setattr(message.parameters[name], f"{kind}_param", value)

    return changed(exchange, change)


def with_outputs(exchange, *names, **parameters):
    """Return an exchange whose request asks for outputs, the last of them with parameters."""

    def change(message):
        for name in names:
            message.outputs.add(name=name)
        for name, value in parameters.items():
            message.outputs[-1].parameters[name].int64_param = value

    return changed(exchange, change)


def in_shared_memory(message):
    """Make the first input's values be elsewhere."""
    message.inputs[0].ClearField("contents")
    message.inputs[0].parameters["shared_memory_region"].string_param = "mine"


def uncarried(title, model, signature, inputs, details):
    """Return one with a signature that has no form here."""
    return with_parameters(
        refused(title, details, UNIMPLEMENTED, model, inputs),
        signature_name=("string", signature),
    )


HALVES = {"x": tensor("float16", [1.5, -2])}
PLAIN = {"x": tensor("float64", [1.0])}
WORDS = tensor("string", [b"a", b"b"])
NO_MODEL = 'there is no model "other" here: what is served is called "features" (MODEL_NAME, or …'

EXCHANGES = [
    infer("the id comes back", id="größer \u2028 1"),
    infer("an id of raw contents comes back", as_raw=True, id="a" * 300),
    infer("by name and version", model_name="features", model_version="1"),
    refused("another model", NO_MODEL, NOT_FOUND, model_name="other"),
    refused("another version", 'the model "features" has no version "2": its only version is "1"',
            NOT_FOUND, model_version="2"),
    with_parameters(infer("parameters that nobody knows"), priority=("uint64", 3),
                    binary_data_output=("bool", True), whatever=("double", 0.5)),
    with_parameters(infer("a sequence of a stateless model"), sequence_id=("int64", 7),
                    sequence_start=("bool", True), sequence_end=("bool", True)),
    with_parameters(infer("a long timeout"), timeout=("int64", 50_000_000)),
    with_parameters(refused("a timeout that has passed", "the deadline passed in the queue",
                            DEADLINE), timeout=("int64", 1)),
    with_parameters(refused("a timeout that is none", "the parameter timeout is \"-5\": expected a "
                            "number of microseconds"), timeout=("int64", -5)),
    with_parameters(refused("a signature's name that is none", "the parameter signature_name is "
                            "\"5\": expected a text"), signature_name=("int64", 5)),
    with_outputs(infer("outputs in the order that they are asked for",
                       {"rows": SUMS["rows"], "y": SUMS["y"]}), "rows", "y"),
    with_outputs(infer("no classes", {"y": SUMS["y"]}), "y", classification=0),
    with_outputs(refused("classes", 'output "y" asks for classification, which is not served: its '
                         "values come as they are", UNIMPLEMENTED), "y", classification=2),
    with_outputs(refused("an output in shared memory", 'output "y" has "shared_memory_region", but '
                         "shared memory is not served: its values come in the reply",
                         UNIMPLEMENTED), "y", shared_memory_region=1),
    changed(refused("an input in shared memory", 'input "x" has "shared_memory_region", but shared '
                    "memory is not served: send its values in the request", UNIMPLEMENTED),
            in_shared_memory),
    with_parameters(infer("halves come back raw", {"y": HALVES["x"]}, True, "identity", HALVES),
                    signature_name=("string", "identity_float16")),
    uncarried("complex numbers", "identity", "identity_complex64", PLAIN,
              'the signature identity_complex64 has the input "x" of COMPLEX64 and the output "y" '
              f"of COMPLEX64, for which Open Inference has no datatype: call {PREDICT}"),
    uncarried("quantised numbers", "identity", "identity_qint8", PLAIN,
              'the signature identity_qint8 has the input "x" of QINT8 and the output "y" of '
              f"QINT8, for which Open Inference has no datatype: call {PREDICT}"),
    uncarried("maps", "maps", "", {"user": WORDS},
              'the signature greet has the input "user" of MAP and the output "card" of MAP, for '
              f"which Open Inference has no datatype: call {PREDICT}"),
    refused("every kind of problem", 'input "x": expected FP32[-1, 3], got FP32[4]; input "weight" '
            'is missing: expected FP64[-1]; input "wight" is not in the signature: did you mean '
            '"weight"?', inputs={"x": tensor("float32", [1, 1, 1, 1]), "wight": WORDS}),
    refused("a value that is lost by a cast", 'input "x": expected FP32[-1, 3], got FP64[1, 3]: '
            "1e+300 overflows FP32 to infinity",
            inputs={**ROWS, "x": tensor("float64", [[1e300, 0, 0]])}),
    refused("no inputs", 'input "x" is missing: expected FP32[-1, 3]; input "weight" is missing: '
            "expected FP64[-1]", inputs={}),
    with_parameters(refused("unknown signature", 'the model has no signature "inferr"; it has: '
                            'infer: did you mean "infer"?'), signature_name=("string", "inferr")),
    Exchange("bytes that are no message", "features", "", b"\xff\xfe no protobuf", None, INVALID,
             "not a ModelInferRequest: …", operation=INFER),
    Exchange("a message cut short", "features", "",
             request(ROWS, True).SerializeToString()[:-3], None, INVALID,
             "not a ModelInferRequest: …", operation=INFER),
]  # fmt: skip
