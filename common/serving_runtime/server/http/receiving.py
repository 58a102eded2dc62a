"""Take in one client's requests: bytes in, one whole request after the other out.

It is the half of a connection that reads; ``connection.py`` has the other one, and the rules.
"""

import abc
import asyncio
import math
import time
from typing import Any, Optional

from serving_runtime.server.http import compression, replies
from serving_runtime.server.http.counting import RequestCounter
from serving_runtime.server.http.flow import Flow
from serving_runtime.server.http.gate import Passed
from serving_runtime.server.http.host import ConnectionHost
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser import Head, RequestParser
from serving_runtime.server.http.refusals import EarlyReply
from serving_runtime.server.http.states import Event, State, follow

_IDLE, _ARRIVING, _ANSWERING, _ENDING = State.IDLE, State.ARRIVING, State.ANSWERING, State.ENDING
_BEGUN, _WHOLE = Event.BEGUN, Event.WHOLE
_NEVER = math.inf


class Receiver(asyncio.Protocol, abc.ABC):
    """What reads the requests of one client.

    Args:
        host: the transport.

    Attributes:
        due: when ``on_due`` is to be called, on the monotonic clock.
        is_surplus: whether only health is answered here.
    """

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._limits = host.limits
        self._parser = RequestParser(host.limits, host.heads)
        self._state = _IDLE
        self._socket: Any = None
        # Of a request that is not whole.
        self._passed: Optional[Passed] = None
        self._body_due = self.due = _NEVER
        self._counter = RequestCounter(host.counts)
        self.is_surplus = False

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._state

    def connection_made(self, transport: Any) -> None:
        """Begin; asyncio calls it."""
        self._socket = transport
        self._flow = Flow(transport)
        self.due = time.monotonic() + self._limits.idle_seconds
        self._host.on_open(self)

    def data_received(self, data: bytes) -> None:
        """Take in what the client has sent; asyncio calls it."""
        state, flow = self._state, self._flow
        if state is _ENDING:
            return
        if state is _ANSWERING or flow.is_blocked or flow.is_held:
            self._parser.hold(data)
            flow.pause()
            return
        if state is _IDLE:
            self._counter.begin()
            whole = self._parser.at_once(data)
            if whole is not None:
                self._on_whole(*whole)
                return
        self._receive(data)

    def bound(self, limits: Limits) -> None:
        """Have other limits from the next request on."""
        self._limits = self._parser.limits = limits

    def hold(self, is_held: bool) -> None:
        """Read no more of a body that is arriving, or go on with it."""
        self._flow.is_held = is_held
        if is_held:
            self.due = _NEVER
            self._flow.pause()
        elif self._state is _ARRIVING:
            self.due = time.monotonic() + self._limits.gap_seconds
            self._host.loop.call_soon(self._go_on)  # not while the front lock is held

    @abc.abstractmethod
    def refuse(self, refusal: EarlyReply) -> None:
        """Answer a request that is not whole, or none, and end the connection."""

    @abc.abstractmethod
    def _refuse_whole(self, refusal: EarlyReply, head: Head, passed: Optional[Passed]) -> None:
        """Answer a request that is whole."""

    @abc.abstractmethod
    def _begin(self, head: Head, passed: Passed, body: bytes) -> None:
        """Have a request answered."""

    def _receive(self, data: bytes) -> None:
        try:
            if not self._parser.receive(data):
                self._on_part()
                return
        except EarlyReply as early:
            self.refuse(early)
            return
        if self._passed is not None:
            self._host.arriving.end(self)
        self._on_whole(*self._parser.take())

    def _on_part(self) -> None:
        """Look at the head as soon as it is there, so that no body comes in vain."""
        now, is_first = time.monotonic(), self._state is _IDLE
        if is_first and self._parser.is_clean:  # of the empty lines that some clients send
            return
        self._state = follow(self._state, _BEGUN)
        if is_first:
            self.due = now + self._limits.head_seconds
        head = self._parser.head
        if head is None:
            return
        if self._passed is None:
            self._passed = self._host.gate.admit(head, self.is_surplus)
            self._body_due = now + self._limits.body_seconds
            if b"expect" in head.headers and not head.is_old:
                self._socket.write(replies.CONTINUE)
            if self._passed.match.is_forwarded:
                self._host.arriving.begin(self)
        if not self._flow.is_held:
            self.due = min(now + self._limits.gap_seconds, self._body_due)

    def _on_whole(self, head: Head, body: bytes) -> None:
        self._state = follow(self._state, _WHOLE)
        self.due = _NEVER
        passed, self._passed = self._passed, None
        try:
            if passed is None:
                passed = self._host.gate.admit(head, self.is_surplus)
            if passed.coding:
                self._unpack(head, passed, body)
                return
        except EarlyReply as early:
            self._refuse_whole(early, head, passed)
            return
        self._begin(head, passed, body)

    def _unpack(self, head: Head, passed: Passed, body: bytes) -> None:
        most, coding = self._limits.max_body_bytes, passed.coding
        unpacked = compression.unpack_small(body, coding, most)
        if unpacked is not None:
            self._begin(head, passed, unpacked)
            return

        def then(outcome: Any) -> None:
            if self._state is not _ANSWERING:
                self._counter.end_gone(passed)
            elif isinstance(outcome, EarlyReply):
                self._refuse_whole(outcome, head, passed)
            else:
                self._begin(head, passed, outcome)

        self._host.in_thread(lambda: compression.unpack(body, coding, most), then)

    def _go_on(self) -> None:
        """Read what has been kept, and then what the client sends."""
        if self._is_reading() and self._parser.has_rest:
            if self._state is _IDLE:
                self._counter.begin()
            self._receive(b"")
        if self._is_reading():
            self._flow.resume()

    def _is_reading(self) -> bool:
        waits = self._state is _IDLE or self._state is _ARRIVING
        return waits and self._flow.may_read
