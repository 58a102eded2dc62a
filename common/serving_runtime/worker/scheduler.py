"""Begin groups of requests instead of running them: as tasks, or in threads."""

import asyncio
import collections
import contextlib
import functools
import os
from typing import Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Set

from serving_runtime.ipc.frames import ReplyFrame
from serving_runtime.model import Model
from serving_runtime.signature import Contract
from serving_runtime.worker.async_groups import AsyncGroupRunner
from serving_runtime.worker.batching import Group
from serving_runtime.worker.concurrency import Concurrency
from serving_runtime.worker.parent import end_unless
from serving_runtime.worker.replies import Replies
from serving_runtime.worker.threads import DaemonThreads

Send = Callable[[List[ReplyFrame]], None]


class Outlet(NamedTuple):
    """What becomes of what runs beside the loop; any thread may call them.

    ``send`` takes replies; ``give_back_memory`` is called when a group is forgotten; ``fail`` is
    called with what ends the worker.
    """

    send: Send
    give_back_memory: Callable[[], None]
    fail: Callable[[BaseException], None]


class _Run:
    """A group, from when it has come until it is answered.

    Attributes:
        awaited: the ids of those of its calls that are awaited.
        task: what answers it, if it is asynchronous and has begun.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.awaited: Set[int] = {request.call.id for request in group}
        self.task: Optional[asyncio.Future[None]] = None
        self._waits = [True]

    def begins(self) -> bool:
        """Take it, to begin or to end it; any thread may ask, and one is answered True."""
        try:
            return self._waits.pop()
        except IndexError:
            return False


class Scheduler(AsyncGroupRunner):
    """Runs at most as many groups at once as the model's concurrency is.

    All but what threads call is called by the thread of the event loop.
    """

    def __init__(
        self,
        model: Model,
        contract: Contract,
        replies: Replies,
        concurrency: Concurrency,
        loop: asyncio.AbstractEventLoop,
        outlet: Outlet,
    ) -> None:
        super().__init__(model, contract, replies)
        self._loop = loop
        self._outlet = outlet
        self._process = os.getpid()
        self._max_tasks = concurrency.calls
        self._running = 0
        self._waiting: Deque[_Run] = collections.deque()
        # By the ids of their calls.
        self._runs: Dict[int, _Run] = {}
        self._threads = DaemonThreads(concurrency.threads, self._give_back_memory)

    def run(self, group: Group) -> Iterable[List[ReplyFrame]]:
        """Begin to answer a group; its replies are sent, not returned."""
        run = _Run(group)
        self._runs.update((number, run) for number in run.awaited)
        if group[0].signature.name not in self._model.asynchronous:
            self._threads.run(functools.partial(self._run_in_thread, run))
        else:
            self._waiting.append(run)
            self._begin_waiting()
        return ()

    def cancel(self, number: int) -> None:
        """Note that a call is not awaited; what answers no other either is cancelled."""
        run = self._runs.get(number)
        if run is not None:
            run.awaited.discard(number)
            if not run.awaited:
                self._cancel(run)

    async def close(self) -> None:
        """Cancel all that waits or is a task, and wait for its end; no call comes any more."""
        for run in list(self._runs.values()):
            run.awaited.clear()
            self._cancel(run)
        while self._running:
            await asyncio.wait([run.task for run in list(self._runs.values()) if run.task])
            await asyncio.sleep(0)  # until what follows from their end is done

    def finish_threads(self) -> None:
        """Wait until no thread runs a call."""
        self._threads.finish()

    def _cancel(self, run: _Run) -> None:
        if run.task is not None:
            run.task.cancel()
        elif run.begins():
            self._end(run, self.cancelled(run.group))

    def _begin_waiting(self) -> None:
        while self._waiting and self._running < self._max_tasks:
            run = self._waiting.popleft()
            if run.begins():
                self._running += 1
                run.task = self._loop.create_task(self.answer(run.group, run.awaited, self._send))
                run.task.add_done_callback(functools.partial(self._on_done, run))

    def _on_done(self, run: _Run, task: "asyncio.Future[None]") -> None:
        self._running -= 1
        # One that was cancelled before its first step has answered nothing.
        replies = self.cancelled(run.group) if task.cancelled() else []
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._outlet.fail(error)
        self._end(run, replies)
        self._begin_waiting()
        self._give_back_memory()

    def _end(self, run: _Run, replies: List[ReplyFrame]) -> None:
        for request in run.group:
            del self._runs[request.call.id]
        run.group.clear()
        run.task = None
        if replies:
            self._send(replies)

    def _run_in_thread(self, run: _Run) -> None:
        if not run.begins():  # nobody has waited for it
            return
        try:
            for replies in super().run(run.group):
                self._send(replies)
            self._end(run, [])
        except BaseException as error:  # noqa: BLE001  it must not end in silence
            self._outlet.fail(error)

    def _send(self, replies: List[ReplyFrame]) -> None:
        end_unless(self._process)
        self._outlet.send(replies)

    def _give_back_memory(self) -> None:
        with contextlib.suppress(OSError):  # the front is gone, as the loop is about to learn
            self._outlet.give_back_memory()
