import pytest

from serving_runtime.server.grpc.asyncio_transport import AsyncioTransport
from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport

# Each implementation of a transport of gRPC's: to clients they are to be the same.
TRANSPORTS = (AsyncioTransport, CompletionQueueTransport)


@pytest.fixture(params=TRANSPORTS)
def make(request):
    """Make a transport, of one implementation after another."""
    return request.param
