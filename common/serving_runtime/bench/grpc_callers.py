"""Call by gRPC: several callers share a connection."""

from typing import Any, List

import grpc
from grpc import aio

from serving_runtime import client, operations
from serving_runtime.bench.callers import EMPTY, Call, Callers
from serving_runtime.bench.load import Load


class GrpcCallers(Callers):
    """Channels, over which the callers are spread."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._channels: List[Any] = []

    def open(self, count: int) -> List[Call]:
        """Return what so many callers call."""
        self._channels = [self._channel() for _ in range(min(self._load.connections, count))]
        method = operations.PREDICT.grpc_method
        methods = [channel.unary_unary(method) for channel in self._channels]
        return [self._call_of(methods[index % len(methods)]) for index in range(count)]

    async def close(self) -> None:
        """Close the channels."""
        for channel in self._channels:
            await channel.close()

    def _channel(self) -> Any:
        load = self._load
        # Without its own pool a second channel to the same address would share the connection.
        arguments = [*client.channel_options(load.address), ("grpc.use_local_subchannel_pool", 1)]
        return load.options.channel(load.address, arguments, aio)

    def _call_of(self, method: Any) -> Call:
        request, seconds = self._load.request, self._load.deadline_seconds
        metadata = self._load.options.metadata

        async def call() -> str:
            try:
                answer = await method(request, timeout=seconds, metadata=metadata)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "" if answer else EMPTY

        return call
