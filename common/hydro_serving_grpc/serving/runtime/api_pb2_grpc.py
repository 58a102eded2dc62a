"""The stub and servicer of 3.x's PredictionService, as grpc's code generator would write them.

By hand, since grpc is imported only where a call needs it: worker processes load this package
without it.
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

_SERVICE = "hydrosphere.serving.runtime.PredictionService"
_PredictRequest = message_class("hydrosphere.serving.runtime.PredictRequest")
_PredictResponse = message_class("hydrosphere.serving.runtime.PredictResponse")


class PredictionServiceStub:
    """The client's side: a method that calls a runtime."""

    def __init__(self, channel: "grpc.Channel") -> None:
        """Bind the method to a channel.

        Args:
            channel: a `grpc.Channel` or `grpc.aio.Channel`.
        """
        self.Predict = channel.unary_unary(
            f"/{_SERVICE}/Predict",
            request_serializer=_PredictRequest.SerializeToString,
            response_deserializer=_PredictResponse.FromString,
        )


class PredictionServiceServicer:
    """The server's side: subclasses say what the method does."""

    def Predict(self, request: Any, context: "grpc.ServicerContext") -> Any:
        """Run the model once."""
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
            response_serializer=_PredictResponse.SerializeToString,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
