"""Forward the messages of streams, each as a call of its own, and give the answers in their order.

A message that fails is answered by a message, and the stream goes on. What the client sends is read
no faster than it is answered: beyond a number of messages, or of bytes, it is held back by its own
connection.
"""

import asyncio
import collections
import time
from typing import AsyncGenerator, Callable, Deque, Mapping, Optional, Set

from serving_runtime.errors import NotAvailable, ServingError, Status
from serving_runtime.operations import ErrorForm
from serving_runtime.server.admission.dispatcher import BATCH_BYTES
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import (
    NO_HEADERS,
    REQUEST_ID,
    Headers,
    Reply,
    Request,
    Stream,
    UnaryHandler,
)
from serving_runtime.settings import Settings

# Of one stream at a time. Two batches of the default size: one gathers while the other runs.
MAX_MESSAGES = 128
# Where as many bytes of a stream wait or run, no more is read; one message always is.
MAX_BYTES = BATCH_BYTES

# Writes the message that reports a failure, given its reply and the message that it answers.
FailureWriter = Callable[[Reply, bytes], bytes]


class StreamForwarder:
    """Answers the streams whose messages workers answer.

    Args:
        settings: how long a stream may last, and what bounds its messages.
        lock: the front's.
        forward: admits a call.
        write_failure: for each form of errors that a stream has.
    """

    def __init__(
        self,
        settings: Settings,
        lock: FrontLock,
        forward: UnaryHandler,
        write_failure: Mapping[ErrorForm, FailureWriter],
    ) -> None:
        self._lock = lock
        self._forward = forward
        self._write_failure = write_failure
        self._max_seconds = settings.request_timeout_seconds
        self._max_messages = min(
            MAX_MESSAGES, settings.max_queue_calls, settings.max_connection_calls
        )
        self._open: Set[_ForwardedStream] = set()
        self._refusal: Optional[ServingError] = None

    async def answer(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        """Answer the messages of a stream, until the client sends no more.

        Raises:
            NotAvailable: no more is read, though the client may send more: on another stream.
        """
        if self._refusal is not None:
            raise self._refusal
        write_failure = self._write_failure[stream.operation.error_form]
        forwarded = _ForwardedStream(
            stream, self._lock, self._forward, self._max_messages, write_failure
        )
        self._open.add(forwarded)
        timer = asyncio.get_event_loop().call_later(self._max_seconds, forwarded.end, _too_old())
        try:
            while await forwarded.has_next():
                yield await forwarded.next_reply()
            await forwarded.settle()
        finally:
            timer.cancel()
            self._open.discard(forwarded)
            forwarded.close()

    def refuse_new(self) -> None:
        """Refuse the streams that are opened from now on: the service is shutting down."""
        self._refusal = NotAvailable("the service is shutting down")

    def end_all(self) -> None:
        """Read no more of any stream; each ends when what was read of it is answered."""
        self.refuse_new()
        for forwarded in self._open:
            forwarded.end(NotAvailable("the service is shutting down: open another stream"))


def _too_old() -> ServingError:
    return NotAvailable(
        "the stream has lasted as long as RUNTIME_REQUEST_TIMEOUT allows: open another"
    )


class _Message:
    """A message on its way, and its answer once there is one."""

    __slots__ = ("_on_answer", "cancel", "headers", "payload", "reply")

    def __init__(self, payload: bytes, on_answer: "Callable[[_Message], None]") -> None:
        self.payload = payload
        self._on_answer = on_answer
        self.cancel: Callable[[], None] = _nothing
        self.reply: Optional[Reply] = None
        self.headers: Headers = NO_HEADERS

    def respond(self, reply: Reply, headers: Headers) -> None:
        """Take the answer, in any thread, while holding the front lock."""
        self.reply, self.headers = reply, headers
        self.cancel = _nothing  # it refers to this object: no cycle may keep the bytes in memory
        self._on_answer(self)


class _ForwardedStream:
    """The messages of one stream that have been read, and whose answers are not sent yet."""

    def __init__(
        self,
        stream: Stream,
        lock: FrontLock,
        forward: UnaryHandler,
        max_messages: int,
        write_failure: FailureWriter,
    ) -> None:
        self._stream = stream
        self._lock = lock
        self._forward = forward
        self._max_messages = max_messages
        self._write_failure = write_failure
        left = stream.seconds_left
        self._deadline = None if left is None else time.monotonic() + left
        self._count = 0
        self._unanswered: Deque[_Message] = collections.deque()
        self._bytes = 0
        # Whose answer is waited for.
        self._next: Optional[_Message] = None
        self._has_news, self._has_room = asyncio.Event(), asyncio.Event()
        self._is_answered = asyncio.Event()
        self._loop = asyncio.get_event_loop()
        self._ended_by: Optional[ServingError] = None
        self._reading = asyncio.ensure_future(self._read())
        self._reading.add_done_callback(lambda reading: self._has_news.set())

    async def has_next(self) -> bool:
        """Return whether there is a message to answer; wait until that is known."""
        while not self._unanswered and not self._reading.done():
            self._has_news.clear()
            await self._has_news.wait()
        return bool(self._unanswered)

    async def next_reply(self) -> bytes:
        """Return the answer to the next message, once there is one."""
        message = self._next = self._unanswered[0]
        while message.reply is None:
            self._is_answered.clear()
            await self._is_answered.wait()
        reply = message.reply
        self._next = None
        self._unanswered.popleft()
        self._bytes -= len(message.payload)
        self._has_room.set()
        if message.headers:  # of a stateful model's state, say; a message has no place for them
            self._stream.trailers[:] = [it for it in message.headers if it[0] != REQUEST_ID]
        if reply.payload or reply.status == Status.OK:
            return reply.payload  # a worker's failure is such a message too
        return self._write_failure(reply, message.payload)

    def end(self, error: ServingError) -> None:
        """Read no more, for this reason, unless the client has ended the stream itself."""
        if not self._reading.done():
            self._ended_by = self._ended_by or error
            self._reading.cancel()

    async def settle(self) -> None:
        """Raise why no more was read, if that was not the client's end."""
        if self._ended_by is not None:
            raise self._ended_by
        await self._reading

    def close(self) -> None:
        """Read no more, and cancel what is not answered."""
        if self._reading.done() and not self._reading.cancelled():
            self._reading.exception()  # else asyncio reports that nobody has looked at it
        self._reading.cancel()
        with self._lock:
            for message in self._unanswered:
                message.cancel()

    def _on_answer(self, message: _Message) -> None:
        """Wake who waits, in any thread: for the others it is enough that they are answered.

        Whoever comes to wait looks for the answer first, and after it has said what it waits for.
        """
        if message is self._next:
            self._loop.call_soon_threadsafe(self._is_answered.set)

    async def _read(self) -> None:
        async for payload in self._stream.messages:
            self._submit(payload)
            del payload  # it may be large, and the next one may not come for long
            self._has_news.set()
            while len(self._unanswered) >= self._max_messages or self._bytes >= MAX_BYTES:
                self._has_room.clear()
                await self._has_room.wait()

    def _submit(self, payload: bytes) -> None:
        message = _Message(payload, self._on_answer)
        self._unanswered.append(message)
        self._bytes += len(payload)
        self._count += 1
        request = self._request(message)
        with self._lock:
            cancel = self._forward(request)
            if message.reply is None:
                message.cancel = cancel

    def _request(self, message: _Message) -> Request:
        """Return a message as a request; the model's state is reset before the first only."""
        stream, deadline = self._stream, self._deadline
        return Request(
            stream.operation,
            message.payload,
            f"{stream.request_id}.{self._count}" if stream.request_id else "",
            None if deadline is None else deadline - time.monotonic(),
            stream.reset_state if self._count == 1 else None,
            message.respond,
            "",
            stream.attributes,
        )


def _nothing() -> None:
    """Cancel what is not under way."""
