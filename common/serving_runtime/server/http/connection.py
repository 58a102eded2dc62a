"""One client's connection: requests in, one after the other, and their replies out.

The rules:

* What it does is a state of `states.py`; it changes by the events of that table alone.
* One request at a time is answered: what comes behind it is kept, and no more is read until then.
* All of it happens in the event loop's thread. Where a call is taken or given up, the front lock is
  held.
* A request that is refused before it is whole ends the connection, since what follows cannot be
  told from its body. The client may go on sending for a while, and thus comes to read why.
* ``due`` is when whoever looks now and then (``on_due``) is to end what takes too long.
"""

import asyncio
import math
import time
from typing import Any, Optional

from serving_runtime.server.http import compression, replies, writing
from serving_runtime.server.http.counting import RequestCounter
from serving_runtime.server.http.exchange import Answerable, Exchange
from serving_runtime.server.http.flow import Flow
from serving_runtime.server.http.gate import Passed
from serving_runtime.server.http.host import ConnectionHost
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.parser import Head, RequestParser
from serving_runtime.server.http.refusals import EarlyReply, Refusal
from serving_runtime.server.http.states import Event, State, follow
from serving_runtime.server.transport import Headers, Reply

_STALLED = Refusal(408, "the request did not come within the time that there is for it")


class HttpConnection(asyncio.Protocol, Answerable):
    """The connection of one client.

    Args:
        host: the transport.

    Attributes:
        due: when ``on_due`` is to be called, on the monotonic clock.
        is_surplus: whether only health is answered here.
    """

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._limits = host.limits
        self._parser = RequestParser(host.limits)
        self._state = State.IDLE
        self._socket: Any = None
        self._exchange: Optional[Exchange] = None
        # Of a request that is not whole.
        self._passed: Optional[Passed] = None
        self._body_due = self.due = math.inf
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

    def connection_lost(self, error: Optional[Exception]) -> None:
        """End, and give up what is not answered; asyncio calls it."""
        self._state = follow(self._state, Event.LOST)
        self._host.on_closed(self)
        exchange, self._exchange = self._exchange, None
        passed = self._passed if exchange is None else exchange.passed
        if passed is not None:
            self._counter.end_gone(passed)
        if exchange is not None:
            self._host.submission.settle()
            with self._host.lock:
                exchange.abandon()

    def data_received(self, data: bytes) -> None:
        """Take in what the client has sent; asyncio calls it."""
        if self._state is State.ENDING:
            return
        if self._state is not State.ANSWERING and self._flow.may_read:
            self._receive(data)
        else:
            self._parser.hold(data)
            self._flow.pause()

    def pause_writing(self) -> None:
        """Note that the client does not read its replies; asyncio calls it."""
        self._flow.block()
        self.due = time.monotonic() + self._limits.gap_seconds

    def resume_writing(self) -> None:
        """Go on, since it does again; asyncio calls it."""
        self._flow.is_blocked = False
        if self._state is State.IDLE:
            self._rest()
            self._go_on()

    def bound(self, limits: Limits) -> None:
        """Have other limits from the next request on."""
        self._limits = self._parser.limits = limits

    def hold(self, is_held: bool) -> None:
        """Read no more of a body that is arriving, or go on with it."""
        self._flow.is_held = is_held
        if is_held:
            self.due = math.inf
            self._flow.pause()
        elif self._state is State.ARRIVING:
            self.due = time.monotonic() + self._limits.gap_seconds
            self._host.loop.call_soon(self._go_on)  # not while the front lock is held

    def refuse(self, refusal: EarlyReply) -> None:
        """Answer a request that is not whole, or none, and end the connection."""
        if self._state is not State.IDLE and self._state is not State.ARRIVING:
            return
        self._counter.end_early(refusal, self._passed)
        self._passed = None
        self._write(writing.early(refusal), self._parser.head, closes=True, lingers=True)

    def close_idle(self) -> bool:
        """End the connection if it waits for a request; return whether it did."""
        if self._state is not State.IDLE or self._parser.has_rest:
            return False
        self._end()
        return True

    def abort(self) -> None:
        """End the connection at once, whatever is left to send."""
        self._socket.abort()

    def on_due(self, now: float) -> None:
        """End what takes too long."""
        if self._flow.has_moved():
            self.due = now + self._limits.gap_seconds
        elif self._state is State.ARRIVING:
            self.refuse(_STALLED)
        elif self._flow.is_blocked or not self.close_idle():
            self.abort()

    def answer(self, exchange: Exchange, reply: Reply, headers: Headers) -> None:
        """Write the reply to the request."""
        if exchange is not self._exchange:
            return
        written = writing.of_reply(exchange, reply, headers)
        if not written.is_packed_later:
            self._finish(exchange, written)
            return
        self._host.in_thread(written.packed, lambda packed: self._finish(exchange, packed))

    def answer_soon(self, exchange: Exchange, reply: Reply, headers: Headers) -> None:
        """Have the event loop's thread write it."""
        self._host.loop.call_soon_threadsafe(self.answer, exchange, reply, headers)

    def _receive(self, data: bytes) -> None:
        if self._state is State.IDLE:
            self._counter.begin()
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
        now, is_first = time.monotonic(), self._state is State.IDLE
        if is_first and self._parser.is_clean:  # of the empty lines that some clients send
            return
        self._state = follow(self._state, Event.BEGUN)
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
        self._state = follow(self._state, Event.WHOLE)
        self.due = math.inf
        passed, self._passed = self._passed, None
        try:
            passed = passed or self._host.gate.admit(head, self.is_surplus)
            if passed.coding:
                self._unpack(head, passed, body)
                return
        except EarlyReply as early:
            self._counter.end_early(early, passed)
            self._write(writing.early(early), head, not head.keeps_alive)
            return
        self._begin(head, passed, body)

    def _begin(self, head: Head, passed: Passed, body: bytes) -> None:
        exchange = Exchange(self, head, passed, body, self._host.loop_thread)
        self._exchange = exchange
        self._host.submission.submit(exchange)

    def _unpack(self, head: Head, passed: Passed, body: bytes) -> None:
        most, coding = self._limits.max_body_bytes, passed.coding
        unpacked = compression.unpack_small(body, coding, most)
        if unpacked is not None:
            self._begin(head, passed, unpacked)
            return

        def then(outcome: Any) -> None:
            if self._state is not State.ANSWERING:  # the client has gone
                self._counter.end_gone(passed)
                return
            if isinstance(outcome, EarlyReply):
                self._counter.end_early(outcome, passed)
                self._write(writing.early(outcome), head, not head.keeps_alive)
            else:
                self._begin(head, passed, outcome)

        self._host.in_thread(lambda: compression.unpack(body, coding, most), then)

    def _finish(self, exchange: Exchange, written: writing.Written) -> None:
        if exchange is self._exchange:
            self._exchange = None
            self._counter.end(exchange.passed, written.status)
            self._host.submission.settle()
            self._write(written, exchange.head, not exchange.head.keeps_alive)

    def _write(
        self, written: writing.Written, head: Optional[Head], closes: bool, lingers: bool = False
    ) -> None:
        closes = closes or self._host.is_closing or self.is_surplus
        for piece in written.as_bytes(self._host.writer, head, closes):
            self._socket.write(piece)
        if closes:
            self._end(lingers)
            return
        self._state = follow(self._state, Event.ANSWERED)
        self._rest()
        if self._flow.is_paused or self._parser.has_rest:
            self._host.loop.call_soon(self._go_on)

    def _rest(self) -> None:
        """Wait for the next request, unless the client does not read the last reply."""
        if not self._flow.is_blocked:
            self.due = time.monotonic() + self._limits.idle_seconds

    def _go_on(self) -> None:
        """Read what has been kept, and then what the client sends."""
        if self._is_reading() and self._parser.has_rest:
            self._receive(b"")
        if self._is_reading():
            self._flow.resume()

    def _is_reading(self) -> bool:
        waits = self._state is State.IDLE or self._state is State.ARRIVING
        return waits and self._flow.may_read

    def _end(self, lingers: bool = False) -> None:
        """Close, once all is sent.

        Not before the client has had the time to read it, where it may be sending still: what
        nobody has read when a socket closes makes the system reset the connection.
        """
        lingers = lingers or self._parser.has_rest or self._flow.is_paused
        self._state = follow(self._state, Event.ENDED)
        self._host.arriving.end(self)
        self._flow.has_moved()
        left = self._limits.gap_seconds if self._flow.unsent else self._limits.linger_seconds
        self.due = time.monotonic() + left
        if not lingers:
            self._socket.close()
            return
        if self._socket.can_write_eof():
            self._socket.write_eof()
        self._flow.resume()
