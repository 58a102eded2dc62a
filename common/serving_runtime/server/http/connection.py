"""One client's connection: requests in, one after the other, and their replies out.

The rules:

* ``receiving.py`` is the half that reads, and this the one that answers.
* What it does is a state of `states.py`; it changes by the events of that table alone.
* One request at a time is answered: what comes behind it is kept, and no more is read until then.
* All of it happens in the event loop's thread. Where a call is taken or given up, the front lock is
  held.
* A request that is refused before it is whole ends the connection, since what follows cannot be
  told from its body. The client may go on sending for a while, and thus comes to read why.
* ``due`` is when whoever looks now and then (``on_due``) is to end what takes too long.
"""

import time
from typing import Optional

from serving_runtime.server.http import writing
from serving_runtime.server.http.exchange import Answerable, Exchange
from serving_runtime.server.http.gate import Passed
from serving_runtime.server.http.host import ConnectionHost
from serving_runtime.server.http.parser import Head
from serving_runtime.server.http.receiving import Receiver
from serving_runtime.server.http.refusals import EarlyReply, Refusal
from serving_runtime.server.http.states import Event, State, follow
from serving_runtime.server.transport import Headers, Reply

_STALLED = Refusal(408, "the request did not come within the time that there is for it")
_IDLE, _ARRIVING = State.IDLE, State.ARRIVING
_ANSWERED = Event.ANSWERED


class HttpConnection(Receiver, Answerable):
    """The connection of one client.

    Args:
        host: the transport.
    """

    def __init__(self, host: ConnectionHost) -> None:
        super().__init__(host)
        self._exchange: Optional[Exchange] = None

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

    def pause_writing(self) -> None:
        """Note that the client does not read its replies; asyncio calls it."""
        self._flow.block()
        self.due = time.monotonic() + self._limits.gap_seconds

    def resume_writing(self) -> None:
        """Go on, since it does again; asyncio calls it."""
        self._flow.is_blocked = False
        if self._state is _IDLE:
            self.due = time.monotonic() + self._limits.idle_seconds
            self._go_on()

    def refuse(self, refusal: EarlyReply) -> None:
        """Answer a request that is not whole, or none, and end the connection."""
        if self._state is not _IDLE and self._state is not _ARRIVING:
            return
        self._counter.end_early(refusal, self._passed)
        self._passed = None
        self._write(writing.early(refusal), self._parser.head, closes=True, lingers=True)

    def close_idle(self) -> bool:
        """End the connection if it waits for a request; return whether it did."""
        if self._state is not _IDLE or self._parser.has_rest:
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
        elif self._state is _ARRIVING:
            self.refuse(_STALLED)
        elif self._flow.is_blocked or not self.close_idle():
            self.abort()

    def answer(self, exchange: Exchange, reply: Reply, headers: Headers) -> None:
        """Write the reply to the request."""
        if exchange is not self._exchange:
            return
        usual = writing.usual(exchange, reply, headers, self._host.writer)
        if usual is not None and not self._closes(exchange.head):
            self._settle(exchange, 200)
            self._socket.write(usual)
            self._on_answered()
            return
        written = writing.of_reply(exchange, reply, headers)
        if not written.is_packed_later:
            self._finish(exchange, written)
            return
        self._host.in_thread(written.packed, lambda packed: self._finish(exchange, packed))

    def answer_soon(self, exchange: Exchange, reply: Reply, headers: Headers) -> None:
        """Have the event loop's thread write it."""
        self._host.loop.call_soon_threadsafe(self.answer, exchange, reply, headers)

    def _begin(self, head: Head, passed: Passed, body: bytes) -> None:
        self._exchange = exchange = Exchange(self, head, passed, body, self._host.loop_thread)
        self._host.submission.submit(exchange)

    def _finish(self, exchange: Exchange, written: writing.Written) -> None:
        if exchange is self._exchange:
            self._settle(exchange, written.status)
            self._write(written, exchange.head, self._closes(exchange.head))

    def _settle(self, exchange: Exchange, status: int) -> None:
        self._exchange = None
        self._counter.end(exchange.passed, status)
        self._host.submission.settle()

    def _refuse_whole(self, refusal: EarlyReply, head: Head, passed: Optional[Passed]) -> None:
        self._counter.end_early(refusal, passed)
        self._write(writing.early(refusal), head, self._closes(head))

    def _closes(self, head: Head) -> bool:
        """Return whether the connection ends with the reply to a whole request."""
        return self._host.is_closing or self.is_surplus or not head.keeps_alive

    def _write(
        self, written: writing.Written, head: Optional[Head], closes: bool, lingers: bool = False
    ) -> None:
        for piece in written.as_bytes(self._host.writer, head, closes):
            self._socket.write(piece)
        if closes:
            self._end(lingers)
        else:
            self._on_answered()

    def _on_answered(self) -> None:
        """Wait for the next request, unless the client does not read the last reply."""
        self._state = follow(self._state, _ANSWERED)
        flow = self._flow
        if not flow.is_blocked:
            self.due = time.monotonic() + self._limits.idle_seconds
        if flow.is_paused or self._parser.has_rest:
            self._host.loop.call_soon(self._go_on)

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
