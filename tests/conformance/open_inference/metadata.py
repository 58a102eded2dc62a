"""What clients can ask of the model beside inferences, and what is refused by its name."""

import json

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.cases import INVALID, NOT_FOUND, UNIMPLEMENTED

Metadata = message_class("inference.ModelMetadataResponse")
Config = message_class("inference.ModelConfigResponse")
Index = message_class("inference.RepositoryIndexResponse")
AskMetadata = message_class("inference.ModelMetadataRequest")
AskConfig = message_class("inference.ModelConfigRequest")
PLATFORM = "serving_runtime"
# As Triton's tools know them.
TYPE_INT64, TYPE_FP32, TYPE_FP64 = 9, 11, 12


def told(title, model, sent, reply, operation=operations.MODEL_METADATA):
    """Return an exchange of what is asked of a model."""
    return Exchange(title, model, "", sent.SerializeToString(), reply, operation=operation)


def refused(title, model, sent, details, status, operation=operations.MODEL_METADATA):
    """Return an exchange of a question that is refused."""
    payload = sent if isinstance(sent, bytes) else sent.SerializeToString()
    return Exchange(title, model, "", payload, None, status, details, operation=operation)


def field(name, datatype, *shape):
    """Return what is told of an input or output."""
    return {"name": name, "datatype": datatype, "shape": list(shape)}


def metadata(name, inputs, outputs, **properties):
    """Return what is told of a model."""
    return Metadata(name=name, versions=["1"], platform=PLATFORM, inputs=inputs, outputs=outputs,
                    properties=properties)  # fmt: skip


def config(name, rows, inputs, outputs):
    """Return a model's configuration, of inputs and outputs by name: a type and sizes."""
    message = Config()
    message.config.name, message.config.max_batch_size = name, rows
    message.config.platform = message.config.backend = PLATFORM
    message.config.model_transaction_policy.SetInParent()
    for fields, given in ((message.config.input, inputs), (message.config.output, outputs)):
        for key, (data_type, *dims) in given.items():
            fields.add(name=key, data_type=data_type, dims=dims)
    return message


X, WEIGHT = field("x", "FP32", -1, 3), field("weight", "FP64", -1)
Y, ROWS = field("y", "FP64", -1), field("rows", "INT64", -1)
INTS = [field("x", "INT32", -1)], [field("y", "INT32", -1)]
OTHER = json.dumps({"inputs": INTS[0], "outputs": INTS[1]})
SCALARS = [field("a", "INT8"), field("b", "INT8")]
MUL = json.dumps({"inputs": SCALARS, "outputs": [field("mul", "INT8")]})
MAPS = (
    'the signature greet has the input "user" of MAP and the output "card" of MAP, for which Open '
    "Inference has no datatype: call /tensorflow.serving.PredictionService/Predict"
)

EXCHANGES = [
    told("metadata of rows", "features", AskMetadata(),
         metadata("features", [X, WEIGHT], [Y, ROWS], signature_name="infer")),
    told("metadata by name and version", "features", AskMetadata(name="features", version="1"),
         metadata("features", [X, WEIGHT], [Y, ROWS], signature_name="infer")),
    told("metadata of the default", "defaults", AskMetadata(),
         metadata("defaults", *INTS, signature_name="serving_default",
                  **{"signature.other": OTHER})),
    told("metadata of the first without a default", "summator", AskMetadata(),
         metadata("summator", SCALARS, [field("sum", "INT8")], signature_name="add",
                  **{"signature.mul": MUL})),
    refused("metadata of maps", "maps", AskMetadata(), MAPS, UNIMPLEMENTED),
    refused("metadata of another model", "features", AskMetadata(name="other"),
            'there is no model "other" here: …', NOT_FOUND),
    refused("metadata of another version", "features", AskMetadata(version="7"),
            'the model "features" has no version "7": …', NOT_FOUND),
    refused("bytes that ask for no metadata", "features", b"\xff\xfe",
            "not a ModelMetadataRequest: …", INVALID),
    told("configuration of rows", "features", AskConfig(name="features"),
         config("features", 64, {"x": (TYPE_FP32, 3), "weight": (TYPE_FP64,)},
                {"y": (TYPE_FP64,), "rows": (TYPE_INT64,)}), operations.MODEL_CONFIG),
    told("the one model", "features", Index(),
         Index(models=[{"name": "features", "version": "1", "state": "READY"}]),
         operations.REPOSITORY_INDEX),
    *(refused(row.grpc_name, "features", b"\x0a\x01x", f"{row.grpc_name} is not served: …",
              UNIMPLEMENTED, row) for row in operations.REFUSED),
]  # fmt: skip
