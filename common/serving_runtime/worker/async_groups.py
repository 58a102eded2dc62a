"""Answer groups of requests as ``groups`` does, where the model's answer is awaited."""

import asyncio
import time
from typing import Callable, Container, List

from serving_runtime import calls, validation
from serving_runtime.errors import DeadlinePassed
from serving_runtime.ipc.frames import ReplyFrame
from serving_runtime.worker import batching
from serving_runtime.worker.batching import Group, Prepared
from serving_runtime.worker.groups import PASSED, GroupRunner, portions

Send = Callable[[List[ReplyFrame]], None]

_CANCELLED = "nobody waits for the answer any more"


class AsyncGroupRunner(GroupRunner):
    """Runs groups whose signatures are asynchronous, any number of them at a time.

    Each is a coroutine to be run as a task. A task is cancelled when none of its calls is awaited;
    ``awaited``, which others change meanwhile, has the ids of those that are.
    """

    async def answer(self, group: Group, awaited: Container[int], send: Send) -> None:
        """Answer a group, or those of it whose deadline has not passed."""
        now = time.monotonic()
        live = [request for request in group if now < request.call.deadline]
        if len(live) < len(group):
            late = [request for request in group if not now < request.call.deadline]
            send([self._failure(request, DeadlinePassed(PASSED)) for request in late])
        if len(live) > 1:
            await self._answer_stack(live, awaited, send)
        elif live:
            send([await self._answer_alone(live[0], awaited)])

    def cancelled(self, group: Group) -> List[ReplyFrame]:
        """Return the replies to a group that nobody waits for; they are due all the same."""
        return [self._failure(request, DeadlinePassed(_CANCELLED)) for request in group]

    async def _answer_alone(self, request: Prepared, awaited: Container[int]) -> ReplyFrame:
        started = time.monotonic()
        call, signature = request.call, request.signature
        calls.enter(((call.request_id, call.attributes),))
        try:
            if not started < call.deadline:
                raise DeadlinePassed(PASSED)
            results = await self._model.predict_async(signature.name, request.inputs)
            ended = time.monotonic()
            outputs = validation.validate_outputs(signature, results)
            rows = 1 if signature.name in self._without_rows else request.rows
            return self._reply(request, outputs, rows, (started, ended, ended))
        except BaseException as error:  # noqa: BLE001  user code may raise anything
            if call.id not in awaited and isinstance(error, asyncio.CancelledError):
                error = DeadlinePassed(_CANCELLED)
            return self._failure(request, error)

    async def _answer_stack(self, group: Group, awaited: Container[int], send: Send) -> None:
        """Answer a group with one call; if that fails, each request that is awaited alone."""
        signature, started = group[0].signature, time.monotonic()
        calls.enter(batching.entered(group))
        try:
            inputs = batching.stack(group)
            rows = len(next(iter(inputs.values())))
            results = await self._model.predict_async(signature.name, inputs)
            ended = time.monotonic()
            outputs = batching.split(validation.validate_outputs(signature, results), group)
        except BaseException as error:  # noqa: BLE001  user code may raise anything, SystemExit too
            await self._answer_each(group, awaited, send, error)
            return
        for replies in portions(self._replies_to(group, outputs, rows, started, ended)):
            send(replies)

    async def _answer_each(
        self, group: Group, awaited: Container[int], send: Send, error: BaseException
    ) -> None:
        if any(request.call.id in awaited for request in group):
            self._log_failed_stack(group, error)
        for request in group:
            if request.call.id in awaited:
                send([await self._answer_alone(request, awaited)])
            else:
                send(self.cancelled([request]))
