"""What TensorFlow Serving's clients can ask beside outputs: what the model is, and who answers."""

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime.operations import GET_MODEL_METADATA
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.cases import INVALID
from tests.support.messages import reply, request, shape, tensor

SIGNATURE_DEF = "signature_def"
PREDICT_METHOD = "tensorflow/serving/predict"

Request = message_class("tensorflow.serving.GetModelMetadataRequest")
Response = message_class("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
SignatureDef = message_class("tensorflow.SignatureDef")
TensorInfo = message_class("tensorflow.TensorInfo")


def spec(name, version=None, signature_name=""):
    """Return who is asked, or who answers."""
    message = hs.ModelSpec(name=name, signature_name=signature_name)
    if version is not None:
        message.version.value = version
    return message


def info(name, dtype, sizes):
    """Return what is told of a tensor; sizes are None where any shape will do."""
    any_shape = hs.TensorShapeProto(unknown_rank=True)
    told = any_shape if sizes is None else shape(*sizes)
    return TensorInfo(name=name, dtype=dtype, tensor_shape=told)


def signature(inputs, outputs):
    """Return what is told of a signature, from tensors by name: a dtype and sizes."""
    told = [
        {name: info(name, *form) for name, form in fields.items()} for fields in (inputs, outputs)
    ]
    return SignatureDef(inputs=told[0], outputs=told[1], method_name=PREDICT_METHOD)


def described(model_spec, **signatures):
    """Return a reply of these signatures."""
    message = Response(model_spec=model_spec)
    packed = SignatureDefMap(signature_def=signatures)
    message.metadata[SIGNATURE_DEF].Pack(packed, deterministic=True)
    return message


def without_tensor_names(message):
    """Return a reply without what the framework calls its tensors inside."""
    packed = SignatureDefMap()
    message.metadata[SIGNATURE_DEF].Unpack(packed)
    for told in packed.signature_def.values():
        for field in (*told.inputs.values(), *told.outputs.values()):
            field.ClearField("name")
    plain = Response(model_spec=message.model_spec)
    plain.metadata[SIGNATURE_DEF].Pack(packed, deterministic=True)
    return plain


def asked(title, model, model_spec, expected, *, fields=(SIGNATURE_DEF,)):
    """Return an exchange of what a model tells of itself."""
    sent = Request(model_spec=model_spec, metadata_field=fields).SerializeToString()
    return Exchange(title, model, "", sent, expected, operation=GET_MODEL_METADATA)


def refused(title, sent, details):
    """Return an exchange of a request for metadata that is refused."""
    return Exchange(title, "features", "", sent, status=INVALID, details=details,
                    operation=GET_MODEL_METADATA)  # fmt: skip


BYTE, INT, FLOAT = (hs.DT_INT8, ()), (hs.DT_INT32, [-1]), (hs.DT_FLOAT, [-1, 3])
SUMMATOR = {
    "add": signature({"a": BYTE, "b": BYTE}, {"sum": BYTE}),
    "mul": signature({"a": BYTE, "b": BYTE}, {"mul": BYTE}),
}
DEFAULTS = {name: signature({"x": INT}, {"y": INT}) for name in ("other", "serving_default")}
FEATURES = signature(
    {"x": FLOAT, "weight": (hs.DT_DOUBLE, [-1])},
    {"y": (hs.DT_DOUBLE, [-1]), "rows": (hs.DT_INT64, [-1])},
)
GREET = signature({"user": (hs.DT_MAP, None)}, {"card": (hs.DT_MAP, None)})
NOTHING_ASKED = "GetModelMetadataRequest must specify at least one metadata_field"

TOLD = {"RUNTIME_REPLY_MODEL_SPEC": "1"}
ROW = tensor(hs.DT_INT32, [1], int_val=[1])
NAMED = hs.PredictRequest(model_spec=spec("asked", 7), inputs={"x": ROW})


def answered(y, **who):
    """Return a reply that says who answered."""
    message = reply(y=tensor(hs.DT_INT32, [1], int_val=[y]))
    message.model_spec.CopyFrom(spec(**who))
    return message


EXCHANGES = [
    asked("metadata of scalars", "summator", None, described(spec("summator"), **SUMMATOR)),
    asked("metadata by name and version", "defaults", spec("asked", 7, "other"),
          described(spec("asked", 7), **DEFAULTS)),
    asked("metadata of rows", "features", spec("asked"),
          described(spec("asked"), infer=FEATURES)),
    asked("metadata of maps", "maps", None, described(spec("maps"), greet=GREET)),
    asked("metadata asked for twice", "features", None,
          described(spec("features"), infer=FEATURES), fields=[SIGNATURE_DEF] * 2),
    refused("no metadata", b"", NOTHING_ASKED),
    refused("other metadata", Request(metadata_field=[SIGNATURE_DEF, "assets"])
            .SerializeToString(), "Metadata field assets is not supported"),
    refused("bytes that ask for no metadata", b"\xff\xfe", "not a GetModelMetadataRequest: …"),
    Exchange("the reply says who answered", "defaults", "", NAMED.SerializeToString(),
         answered(1, name="asked", version=7, signature_name="serving_default"), settings=TOLD),
    Exchange("the reply says whose default answered", "defaults", "other", request("other", x=ROW),
         answered(-1, name="defaults", signature_name="other"), settings=TOLD),
]  # fmt: skip
