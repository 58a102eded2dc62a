"""Answer many calls at once: one thread reads, decodes and runs tasks; plain calls have others."""

import asyncio
import functools
from typing import List

from serving_runtime import logs
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.worker.channel import Channel
from serving_runtime.worker.concurrent_channel import ConcurrentChannel
from serving_runtime.worker.predictor import Predictor
from serving_runtime.worker.scheduler import Outlet, Scheduler

logger = logs.get_logger(__name__)


def serve(channel: Channel, predictor: Predictor) -> None:
    """Answer calls until the front sends CLOSE or is gone, and what runs has ended."""
    loop = predictor.model.loop or asyncio.new_event_loop()
    try:
        _Service(channel, predictor, loop).run()
    finally:
        if loop is not predictor.model.loop:
            loop.close()


class _Service:
    """One event loop that reads the socket, and what it begins."""

    def __init__(
        self, channel: Channel, predictor: Predictor, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._predictor = predictor
        self._loop = loop
        self._end: asyncio.Future[None] = loop.create_future()
        outlet = Outlet(self._send, self._give_back_memory, self._fail)
        self._scheduler = predictor.run_groups_with(
            functools.partial(
                Scheduler, concurrency=predictor.concurrency, loop=loop, outlet=outlet
            )
        )
        self._channel = ConcurrentChannel(channel, self._begin, self._scheduler.cancel)

    def run(self) -> None:
        """Answer calls until there is an end to it; raises what cannot be answered."""
        self._loop.add_reader(self._channel.descriptor, self._on_readable)
        try:
            self._run_until(self._end)
        finally:
            self._loop.remove_reader(self._channel.descriptor)
        self._run_until(self._loop.create_task(self._scheduler.close()))
        self._scheduler.finish_threads()

    def _run_until(self, awaited: "asyncio.Future[None]") -> None:
        while not awaited.done():
            try:
                self._loop.run_until_complete(awaited)
            except (SystemExit, KeyboardInterrupt) as error:
                # It comes here past the loop; whoever awaits that task is raised it as well.
                if awaited.done():
                    raise
                logger.error("a task that the model has started raised %r", error)
        awaited.result()

    def _on_readable(self) -> None:
        try:
            if not self._channel.read() and not self._end.done():
                self._end.set_result(None)
        except BaseException as error:  # noqa: BLE001  the loop would only log it
            self._note_failure(error)

    def _begin(self, calls: List[CallFrame]) -> None:
        for replies in self._predictor.answer_together(calls):
            self._send(replies)

    def _send(self, replies: List[ReplyFrame]) -> None:
        self._channel.replies(replies)

    def _give_back_memory(self) -> None:
        self._channel.give_back_memory()

    def _fail(self, error: BaseException) -> None:
        self._loop.call_soon_threadsafe(self._note_failure, error)

    def _note_failure(self, error: BaseException) -> None:
        if not self._end.done():
            self._end.set_exception(error)
