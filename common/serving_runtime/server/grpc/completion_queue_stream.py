"""Answer a stream that comes by grpc's completion queue, in a task of the event loop."""

import asyncio
import functools
from typing import Any, Callable, NamedTuple, Optional

from serving_runtime.errors import Status
from serving_runtime.server.grpc import cygrpc as core
from serving_runtime.server.grpc.status import FAILED, failed
from serving_runtime.server.transport import Reply, StreamHandler

DONE = Reply(Status.OK, "", b"")


class StreamHost(NamedTuple):
    """What a stream needs of the transport that it came by.

    ``in_loop(work, *arguments)`` has the event loop call ``work``; ``is_shut`` returns whether no
    batch may be started any more.
    """

    in_loop: Callable[..., None]
    is_shut: Callable[[], bool]


class StreamCall:
    """A stream of requests, which is iterated over, answered by a task."""

    def __init__(self, host: StreamHost, handler: StreamHandler, event: Any) -> None:
        self._host = host
        self._handler = handler
        self._call = event.call
        self._task: Optional[asyncio.Future[None]] = None
        host.in_loop(self._begin)
        core.watch_close(self._call, self._on_close)

    def __aiter__(self) -> "StreamCall":
        return self

    async def __anext__(self) -> bytes:
        payload = core.message_of(await self._done(core.receive_message))
        if payload is None:
            raise StopAsyncIteration
        return payload

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._answer_all())

    def _on_close(self, event: Any) -> None:
        if core.is_cancelled(event):
            self._host.in_loop(self._give_up)

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _answer_all(self) -> None:
        reply = FAILED
        try:
            await self._done(core.begin_replies)
            async for payload in self._handler(self):
                await self._done(functools.partial(core.send_reply, payload=payload))
            reply = DONE
        except asyncio.CancelledError:  # an Exception before Python 3.8
            raise
        except Exception as error:  # noqa: BLE001  the client is to learn that nothing follows
            reply = failed(error)
        finally:
            if not self._host.is_shut():
                core.end_replies(self._call, reply)

    async def _done(self, start: Callable[..., None]) -> Any:
        """Start an operation and return its event; a client that has gone cancels the task."""
        done = asyncio.get_event_loop().create_future()
        start(self._call, tag=lambda event: self._host.in_loop(resolve, done, event))
        return await done


def resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    """Set a future's result, unless its task was cancelled meanwhile."""
    if not future.done():
        future.set_result(result)
