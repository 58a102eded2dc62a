"""The limit of grpcio's asyncio server: it answers a prebuilt reply and reads no request."""

import asyncio
import sys
from pathlib import Path

import grpc

OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


class Echo(grpc.GenericRpcHandler):
    """Answers every method with the same bytes."""

    def __init__(self, reply):
        self.method = grpc.unary_unary_rpc_method_handler(self.answer)
        self.reply = reply

    def service(self, details):
        """Route every call to the one answer."""
        return self.method

    async def answer(self, request, context):
        """Return the reply, whatever was asked."""
        return self.reply


async def serve(port, reply):
    """Serve until the process is ended."""
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((Echo(reply),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
