"""Calls a service with hydro-serving-grpc 2.x, which has Status, and asks for its health."""

from google.protobuf import empty_pb2
from stock_calls import predict_all, run


def calls(stub, channel):
    """Make every call that this generation can make."""
    status = stub.Status(empty_pb2.Empty(), timeout=10)
    # The environment has no grpcio-health-checking: an empty request, and SERVING is 1.
    health = channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10)
    return dict(
        predict_all(stub),
        status=[type(status).ServiceStatus.Name(status.status), status.message],
        unknown_fields=len(status.UnknownFields()),
        health=health.hex(),
    )


run(calls)
