"""The limit of grpcio's completion queue driven from one Python thread: a prebuilt reply.

It uses internals of grpcio, as the transport over the completion queue does, and nothing besides:
no routing, no limits, no end.
"""

import sys
from pathlib import Path

from grpc._cython import cygrpc

OPTIONS = (
    (b"grpc.max_receive_message_length", -1),
    (b"grpc.max_send_message_length", -1),
)
NO_FLAGS = 0
DONE = cygrpc.CompletionType.operation_complete
ASKED, ANSWERED = object(), object()


def listen(port):
    """Return a server that has asked for its first call, and its queue."""
    server = cygrpc.Server(OPTIONS, False)
    queue = cygrpc.CompletionQueue()
    server.register_completion_queue(queue)
    server.add_http2_port(f"127.0.0.1:{port}".encode())
    server.start()
    server.request_call(queue, queue, ASKED)
    return server, queue


def serve(port, reply):
    """Serve until the process is ended."""
    server, queue = listen(port)
    while True:
        event = queue.poll()
        if event.tag is ASKED:
            receive(server, queue, event)
        elif event.tag is not ANSWERED:  # its message is here: the tag is the call
            event.tag.start_server_batch(answer(reply), ANSWERED)


def receive(server, queue, event):
    """Ask for the next call, and for the message of this one."""
    server.request_call(queue, queue, ASKED)
    operations = (cygrpc.ReceiveMessageOperation(NO_FLAGS),)
    event.call.start_server_batch(operations, event.call)


def answer(reply):
    """Return new operations: used ones crash."""
    return (
        cygrpc.SendInitialMetadataOperation((), NO_FLAGS),
        cygrpc.SendMessageOperation(reply, NO_FLAGS),
        cygrpc.SendStatusFromServerOperation((), cygrpc.StatusCode.ok, b"", NO_FLAGS),
        cygrpc.ReceiveCloseOnServerOperation(NO_FLAGS),
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
