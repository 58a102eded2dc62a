"""The limit of Python with a model in a process of its own: a prebuilt reply comes from there.

As `echo_queue.py`, but every request goes to a second process, which is given all that wait as soon
as it is free, and sends as many replies. Neither process reads a request, checks, logs, or ends.
"""

import os
import socket
import struct
import sys
import threading
from pathlib import Path

BATCH = struct.Struct("<II")  # how many, and the bytes of all


def work(connection, reply):
    """Send a reply for each request, until there is no front any more."""
    stream = connection.makefile("rb")
    while True:
        head = stream.read(BATCH.size)
        if not head:
            return
        count, size = BATCH.unpack(head)
        stream.read(size)
        connection.sendall(BATCH.pack(count, count * len(reply)) + reply * count)


class Front:
    """Takes requests on one thread, and sends replies on another."""

    def __init__(self, connection, echo):
        self._connection = connection
        self._echo = echo
        self._lock = threading.Lock()
        self._waiting, self._held = [], []

    def serve(self, port):
        """Serve until the process is ended."""
        threading.Thread(target=self._answer_all, daemon=True).start()
        server, queue = self._echo.listen(port)
        while True:
            event = queue.poll()
            with self._lock:
                while event.completion_type == self._echo.DONE:
                    self._take(server, queue, event)
                    event = queue.poll(deadline=0)
                self._send()

    def _take(self, server, queue, event):
        if event.tag is self._echo.ASKED:
            self._echo.receive(server, queue, event)
        elif event.tag is not self._echo.ANSWERED:  # its message is here: the tag is the call
            self._waiting.append((event.tag, event.batch_operations[0].message()))

    def _send(self):
        if self._waiting and not self._held:
            self._held, self._waiting = self._waiting, []
            requests = b"".join(message for _, message in self._held)
            self._connection.sendall(BATCH.pack(len(self._held), len(requests)) + requests)

    def _answer_all(self):
        stream = self._connection.makefile("rb")
        while True:
            count, size = BATCH.unpack(stream.read(BATCH.size))
            replies, each = stream.read(size), size // count
            with self._lock:
                answered, self._held = self._held, []
                self._send()
            for number, (call, _) in enumerate(answered):
                reply = replies[number * each : (number + 1) * each]
                call.start_server_batch(self._echo.answer(reply), self._echo.ANSWERED)


def main(port, reply):
    """Serve from two processes until the first is ended."""
    ours, its = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        work(its, reply)
        os._exit(0)
    its.close()
    import echo_queue  # only now: a process must not be forked that has gRPC's threads

    Front(ours, echo_queue).serve(port)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
