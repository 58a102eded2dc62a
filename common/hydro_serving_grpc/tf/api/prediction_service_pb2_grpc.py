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
_GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
_GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
_PredictRequest = message_class("hydrosphere.tensorflow.serving.PredictRequest")
_PredictResponse = message_class("hydrosphere.tensorflow.serving.PredictResponse")
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
