"""Reaches a service whose container has loopback and nothing else: a socket in a shared folder.

It runs beside the service, in a container of its own that shares the network, on any Python. Its
one argument is where to make the socket.
"""

import contextlib
import os
import socket
import socketserver
import sys
import threading

PORT = 9090
PIECE_BYTES = 65536


class _Connection(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            service = socket.create_connection(("127.0.0.1", PORT))
        except OSError:  # it does not listen yet, or any more
            return
        with service:
            back = threading.Thread(target=_pump, args=(service, self.request), daemon=True)
            back.start()
            _pump(self.request, service)
            back.join()


def _pump(source, sink):
    """Copy bytes until the end, and pass the end on.

    Whoever has ended can be written to until the other end comes, as over TCP: a client of gRPC
    that cannot write takes its call for lost, before it has read that the connection must move.
    """
    piece = _read(source)
    while piece:
        with contextlib.suppress(OSError):
            sink.sendall(piece)
        piece = _read(source)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _read(source):
    try:
        return source.recv(PIECE_BYTES)
    except OSError:  # reset
        return b""


class Relay(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens at a path, and hands each connection on."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, _Connection)


if __name__ == "__main__":
    with Relay(sys.argv[1]) as server:
        os.chmod(sys.argv[1], 0o666)  # whoever runs the tests
        server.serve_forever()
