"""Speak HTTP/2 frame by frame, as grpc's own clients never would."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from h2 import events, exceptions
from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.support.servers import PREDICT

Headers = Iterable[tuple[str, str]]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, GOAWAY = 1, 3, 7
READ_BYTES = 1 << 16
PLENTY = 2**31 - 1 - 2**16


class Reply(NamedTuple):
    """What a client saw of a call: gRPC's status and details, or the reset that ended it."""

    status: int | None
    details: str
    reset: int | None = None


class Client:
    """One connection, and what came of its streams so far.

    Args:
        address: ``host:port`` of the service.
        seconds: how long anything may take.
    """

    def __init__(self, address: str, seconds: float = 30.0) -> None:
        self._seconds = seconds
        self._socket = connect(address, seconds)
        # What is sent is the test's business; what comes must be in order.
        self._state = H2Connection(H2Configuration(validate_outbound_headers=False))
        self._state.initiate_connection()
        self._state.increment_flow_control_window(PLENTY)
        self._told: dict[int, dict[str, str]] = {}
        self._ended: dict[int, int | None] = {}
        self._left = b""
        self._has_settings = False
        self.has_ended = False
        self._flush()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away without a word."""
        self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether the service has neither closed the connection nor ended a stream of ours."""
        self._read(0)
        return not self.has_ended and not self._ended

    def settle(self) -> None:
        """Read and acknowledge the service's settings: before that, its limits do not hold."""
        while not self._has_settings:
            self._read(self._seconds)

    def begin(self, headers: Headers = (), path: str = PREDICT) -> int:
        """Open a stream with a gRPC call's headers and ``headers``; returns its number."""
        stream = int(self._state.get_next_available_stream_id())
        self._state.send_headers(stream, [*call_headers(path), *headers])
        self._flush()
        return stream

    def send(self, stream: int, body: bytes, ends: bool = True) -> None:
        """Send a stream's body as fast as the service's windows allow; stops if it ends first."""
        with contextlib.suppress(exceptions.StreamClosedError, OSError):
            while body and stream not in self._ended:
                room = min(self._state.local_flow_control_window(stream), 16384)
                self._state.send_data(stream, body[:room])
                body = body[room:]
                self._flush()
                self._read(0 if room else self._seconds)
            if stream not in self._ended and ends:
                self._state.end_stream(stream)
                self._flush()

    def send_raw(self, data: bytes) -> bool:
        """Send bytes behind the back of HTTP/2's state; says whether the service took them all."""
        try:
            return self._send(data)
        except OSError:
            self.has_ended = True
            return False

    def outcome(self, stream: int) -> Reply:
        """Wait for the end of a stream."""
        until = time.monotonic() + self._seconds
        while stream not in self._ended:
            assert not self.has_ended, "the service closed the connection"
            assert time.monotonic() < until, "the stream never ended"
            self._read(self._seconds)
        told = self._told.get(stream, {})
        status = told.get("grpc-status")
        return Reply(
            int(status) if status else None, told.get("grpc-message", ""), self._ended[stream]
        )

    def wait_end(self) -> None:
        """Wait until the service closes the connection."""
        until = time.monotonic() + self._seconds
        while not self.has_ended:
            assert time.monotonic() < until, "the connection was never closed"
            self._read(self._seconds)

    def _send(self, data: bytes) -> bool:
        """Send, and read meanwhile: whoever floods and never reads only stops itself."""
        left = memoryview(data)
        until = time.monotonic() + self._seconds
        while left and not self.has_ended and time.monotonic() < until:
            readable, writable, _ = select.select([self._socket], [self._socket], [], 1)
            if readable:
                self.has_ended = not self._socket.recv(READ_BYTES)
            if writable:
                left = left[self._socket.send(left[:READ_BYTES]) :]
        return not left

    def _flush(self) -> None:
        self._socket.sendall(self._state.data_to_send())

    def _read(self, seconds: float) -> None:
        """Take in what has come, or comes within ``seconds``."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return
        data = b""
        with contextlib.suppress(OSError):
            data = self._socket.recv(READ_BYTES)
        if not data:
            self.has_ended = True
            return
        for frame in self._frames(data):
            for event in self._state.receive_data(frame):
                self._note(event)
        with contextlib.suppress(OSError):
            self._flush()

    def _frames(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames that h2 is to see; to it a GOAWAY is the end of all."""
        self._left += data
        while len(self._left) >= 9:
            size = 9 + int.from_bytes(self._left[:3], "big")
            if len(self._left) < size:
                return
            frame, self._left = self._left[:size], self._left[size:]
            kind, stream = frame[3], int.from_bytes(frame[5:9], "big")
            if kind == GOAWAY:
                continue
            if stream <= self._state.highest_outbound_stream_id:
                yield frame
            elif kind in (HEADERS, RST_STREAM):  # an answer to what was sent behind h2's back
                self._ended[stream] = None

    def _note(self, event: Any) -> None:
        if isinstance(event, events.ResponseReceived | events.TrailersReceived):
            told = ((_text(name), _text(value)) for name, value in event.headers)
            self._told.setdefault(event.stream_id, {}).update(told)
        elif isinstance(event, events.RemoteSettingsChanged):
            self._has_settings = True
        elif isinstance(event, events.StreamEnded):
            self._ended.setdefault(event.stream_id, None)
        elif isinstance(event, events.StreamReset):
            self._ended.setdefault(event.stream_id, int(event.error_code))


def connect(address: str, seconds: float = 30.0) -> socket.socket:
    """Open a TCP connection to ``host:port``."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=seconds)


def call_headers(path: str = PREDICT) -> list[tuple[str, str]]:
    """Return the headers that every gRPC call has."""
    return [
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
        ("te", "trailers"), ("content-type", "application/grpc"),
    ]  # fmt: skip


def framed(message: bytes, is_compressed: int = 0, length: int | None = None) -> bytes:
    """Put gRPC's five bytes before a message; ``length`` lies about it."""
    return struct.pack(">BI", is_compressed, len(message) if length is None else length) + message


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
