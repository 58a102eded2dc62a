"""The stub and servicer of PredictionService, as grpc's code generator would write them.

By hand, for two reasons: grpc is imported only where a call needs it, so that worker
processes can load this package without it; and messages are serialised by their own
method, so that Google's `Empty`, which is another class than our pool's, may be sent.
"""

from typing import TYPE_CHECKING, Any

from hydro_serving_grpc.messages import message_class

if TYPE_CHECKING:
    import grpc

__all__ = [
    "PredictionServiceServicer",
    "PredictionServiceStub",
    "add_PredictionServiceServicer_to_server",
]

_SERVICE = "tensorflow.serving.PredictionService"
_Empty = message_class("google.protobuf.Empty")
_ClassificationRequest = message_class("tensorflow.serving.ClassificationRequest")
_ClassificationResponse = message_class("tensorflow.serving.ClassificationResponse")
_GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
_GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
_MultiInferenceRequest = message_class("tensorflow.serving.MultiInferenceRequest")
_MultiInferenceResponse = message_class("tensorflow.serving.MultiInferenceResponse")
_PredictRequest = message_class("hydrosphere.tensorflow.serving.PredictRequest")
_PredictResponse = message_class("hydrosphere.tensorflow.serving.PredictResponse")
_RegressionRequest = message_class("tensorflow.serving.RegressionRequest")
_RegressionResponse = message_class("tensorflow.serving.RegressionResponse")
_StatusResponse = message_class("tensorflow.serving.StatusResponse")


def _serialize(message: Any) -> bytes:
    """Return the message's bytes, whichever pool its class comes from."""
    return bytes(message.SerializeToString())


class PredictionServiceStub:
    """The client's side: methods that call a runtime."""

    def __init__(self, channel: "grpc.Channel") -> None:
        """Bind the methods to a channel.

        Args:
            channel: a `grpc.Channel` or `grpc.aio.Channel`.
        """
        self.Predict = channel.unary_unary(
            f"/{_SERVICE}/Predict",
            request_serializer=_serialize,
            response_deserializer=_PredictResponse.FromString,
        )
        self.Classify = channel.unary_unary(
            f"/{_SERVICE}/Classify",
            request_serializer=_serialize,
            response_deserializer=_ClassificationResponse.FromString,
        )
        self.Regress = channel.unary_unary(
            f"/{_SERVICE}/Regress",
            request_serializer=_serialize,
            response_deserializer=_RegressionResponse.FromString,
        )
        self.MultiInference = channel.unary_unary(
            f"/{_SERVICE}/MultiInference",
            request_serializer=_serialize,
            response_deserializer=_MultiInferenceResponse.FromString,
        )
        self.GetModelMetadata = channel.unary_unary(
            f"/{_SERVICE}/GetModelMetadata",
            request_serializer=_serialize,
            response_deserializer=_GetModelMetadataResponse.FromString,
        )
        self.Status = channel.unary_unary(
            f"/{_SERVICE}/Status",
            request_serializer=_serialize,
            response_deserializer=_StatusResponse.FromString,
        )


class PredictionServiceServicer:
    """The server's side: subclasses say what the methods do."""

    def Predict(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Run the model once."""
        _refuse(context)

    def Classify(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Run a signature that classifies examples."""
        _refuse(context)

    def Regress(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Run a signature that gives a number for each example."""
        _refuse(context)

    def MultiInference(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Run several of both kinds on the same examples."""
        _refuse(context)

    def GetModelMetadata(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Return what the model takes and gives."""
        _refuse(context)

    def Status(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Return whether the model is ready."""
        _refuse(context)


def _refuse(context: "grpc.ServicerContext") -> None:
    """Answer UNIMPLEMENTED, as generated servicers do."""
    import grpc

    context.set_code(grpc.StatusCode.UNIMPLEMENTED)
    context.set_details("Method not implemented!")
    raise NotImplementedError("Method not implemented!")


def add_PredictionServiceServicer_to_server(
    servicer: PredictionServiceServicer, server: "grpc.Server"
) -> None:
    """Route the service's calls on a server to a servicer."""
    import grpc

    handlers = {
        "Predict": grpc.unary_unary_rpc_method_handler(
            servicer.Predict,
            request_deserializer=_PredictRequest.FromString,
            response_serializer=_serialize,
        ),
        "Classify": grpc.unary_unary_rpc_method_handler(
            servicer.Classify,
            request_deserializer=_ClassificationRequest.FromString,
            response_serializer=_serialize,
        ),
        "Regress": grpc.unary_unary_rpc_method_handler(
            servicer.Regress,
            request_deserializer=_RegressionRequest.FromString,
            response_serializer=_serialize,
        ),
        "MultiInference": grpc.unary_unary_rpc_method_handler(
            servicer.MultiInference,
            request_deserializer=_MultiInferenceRequest.FromString,
            response_serializer=_serialize,
        ),
        "GetModelMetadata": grpc.unary_unary_rpc_method_handler(
            servicer.GetModelMetadata,
            request_deserializer=_GetModelMetadataRequest.FromString,
            response_serializer=_serialize,
        ),
        "Status": grpc.unary_unary_rpc_method_handler(
            servicer.Status,
            request_deserializer=_Empty.FromString,
            response_serializer=_serialize,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
