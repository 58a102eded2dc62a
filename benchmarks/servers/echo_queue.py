"""The limit of grpcio's completion queue driven from one Python thread: a prebuilt reply.

It uses internals of grpcio, as the queue listener does, and nothing besides: no routing, no
limits, no end.
"""

import sys
from pathlib import Path

from grpc._cython import cygrpc

OPTIONS = (
    (b"grpc.max_receive_message_length", -1),
    (b"grpc.max_send_message_length", -1),
)
NO_FLAGS = 0
ASKED, ANSWERED = object(), object()


def serve(port, reply):
    """Serve until the process is ended."""
    server = cygrpc.Server(OPTIONS, False)
    queue = cygrpc.CompletionQueue()
    server.register_completion_queue(queue)
    server.add_http2_port(f"127.0.0.1:{port}".encode())
    server.start()
    server.request_call(queue, queue, ASKED)
    while True:
        event = queue.poll()
        if event.tag is ASKED:
            server.request_call(queue, queue, ASKED)
            receive = (cygrpc.ReceiveMessageOperation(NO_FLAGS),)
            event.call.start_server_batch(receive, event.call)
        elif event.tag is not ANSWERED:  # its message is here: the tag is the call
            event.tag.start_server_batch(_answer(reply), ANSWERED)


def _answer(reply):
    """Return new operations: used ones crash."""
    return (
        cygrpc.SendInitialMetadataOperation((), NO_FLAGS),
        cygrpc.SendMessageOperation(reply, NO_FLAGS),
        cygrpc.SendStatusFromServerOperation((), cygrpc.StatusCode.ok, b"", NO_FLAGS),
        cygrpc.ReceiveCloseOnServerOperation(NO_FLAGS),
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
