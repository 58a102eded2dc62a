"""Run groups of requests on the model: together, and each alone where that fails."""

import time
from typing import Dict, Iterable, Iterator, List, Set, Tuple

from serving_runtime import calls, logs, validation
from serving_runtime.errors import DeadlinePassed
from serving_runtime.ipc.frames import ReplyFrame, Timings
from serving_runtime.model import Model
from serving_runtime.signature import Contract, Value
from serving_runtime.worker import batching
from serving_runtime.worker.batching import Group, Prepared, RowsLost
from serving_runtime.worker.replies import Replies, make_tuple
from serving_runtime.worker.sequences import LiveSequence

logger = logs.get_logger(__name__)

# Replies as large as this, one or several, wait for no others.
_PORTION_BYTES = 1 << 16
PASSED = "the deadline passed in the queue"


class GroupRunner:
    """Answers the requests of a group; replies that are known at one time are given together.

    ``unstackable``: the names of signatures whose requests run alone: those that are not stackable,
    and later on those whose stacked results came back with the wrong number of rows.
    """

    def __init__(self, model: Model, contract: Contract, replies: Replies) -> None:
        self._model = model
        self._replies = replies
        self._sequence = LiveSequence()
        self._without_rows = frozenset(
            signature.name for signature in contract.signatures if not signature.is_stackable
        )
        self.unstackable: Set[str] = set(self._without_rows)
        self._numbers = {name: number for number, name in enumerate(contract.names, 1)}

    def run(self, group: Group) -> Iterable[List[ReplyFrame]]:
        """Answer a group, or those of it whose deadline has not passed."""
        return ([self._run_alone(group[0])],) if len(group) == 1 else self._run_together(group)

    def _run_alone(self, request: Prepared) -> ReplyFrame:
        """Run a request by itself; whatever comes of it, the reply has the reset before it."""
        # The deadlines' clock, and as fine as perf_counter: on Linux the two are one.
        started = time.monotonic()
        call, signature, was_reset = request.call, request.signature, False
        calls.enter(((call.request_id, call.attributes),))
        try:
            if not started < call.deadline:
                raise DeadlinePassed(PASSED)
            if call.resets_state or request.request.sequence is not None:
                was_reset = self._begin(request)
            results = self._model.predict(signature.name, request.inputs)
            ended = time.monotonic()
            outputs = validation.validate_outputs(signature, results)
            rows = 1 if signature.name in self._without_rows else request.rows
            return self._reply(request, outputs, rows, (started, ended, ended), was_reset)
        except BaseException as error:  # noqa: BLE001  user code may raise anything
            return self._failure(request, error, was_reset)
        finally:
            calls.enter(calls.NONE)

    def _begin(self, request: Prepared) -> bool:
        """Reset the model's state where a sequence begins; return whether it was reset."""
        if not self._model.stateful:  # sequences are nothing to it
            return False
        step = request.request.sequence
        begins = self._sequence.begins(step, request.call.resets_state)
        if begins:
            self._model.reset()
        self._sequence.follow(step)
        return begins

    def _run_together(self, group: Group) -> Iterator[List[ReplyFrame]]:
        """Answer a group with one call of the model."""
        now = time.monotonic()
        live = [request for request in group if now < request.call.deadline]
        if len(live) < len(group):
            passed = DeadlinePassed(PASSED)
            late = [request for request in group if not now < request.call.deadline]
            yield [self._failure(request, passed) for request in late]
        if len(live) > 1:
            yield from self._run_stacked(live, now)
        elif live:
            yield [self._run_alone(live[0])]

    def _run_stacked(self, group: Group, started: float) -> Iterator[List[ReplyFrame]]:
        """Answer a group with one call; if that fails, each request alone.

        One caller's bad row must never fail another's, and only a call of its own shows whose row
        it is.
        """
        signature = group[0].signature
        calls.enter(batching.entered(group))
        try:
            inputs = batching.stack(group)
            rows = len(next(iter(inputs.values())))
            results = self._model.predict(signature.name, inputs)
            ended = time.monotonic()
            outputs = batching.split(validation.validate_outputs(signature, results), group)
        except BaseException as error:  # noqa: BLE001  user code may raise anything, SystemExit too
            self._log_failed_stack(group, error)
            for request in group:
                yield [self._run_alone(request)]
            return
        finally:
            calls.enter(calls.NONE)
        yield from portions(self._replies_to(group, outputs, rows, started, ended))

    def _replies_to(
        self,
        group: Group,
        outputs: List[Dict[str, Value]],
        rows: int,
        started: float,
        ended: float,
    ) -> Iterator[ReplyFrame]:
        """Write the replies of a stack; what is wrong with one is its own caller's only."""
        calls = len(group)  # of the run: the first reply has it
        for request, own in zip(group, outputs):
            try:
                times = (started, ended, time.monotonic())
                reply = self._reply(request, own, rows, times, calls=calls)
                calls = 0
            except BaseException as error:  # noqa: BLE001  whatever it is, the others are answered
                reply = self._failure(request, error)
            yield reply

    def _reply(
        self,
        request: Prepared,
        outputs: Dict[str, Value],
        rows: int,
        times: Tuple[float, float, float],
        was_reset: bool = False,
        calls: int = 1,
    ) -> ReplyFrame:
        """Write a reply.

        ``times``: the model began, it was done, and this reply was begun; ``calls``: as in Timings.
        """
        _, protocol, decoded, signature, _, decode_seconds, ready_at, casts = request
        if decoded.output_names:
            outputs = {name: outputs[name] for name in decoded.output_names}
        encoded = protocol.encode(outputs, decoded, signature)
        started, ended, begun = times
        encode_seconds = time.monotonic() - begun
        waited, ran = started - ready_at, ended - started
        timings = make_tuple(
            Timings, (decode_seconds, waited, ran, encode_seconds, rows, calls, casts)
        )
        number = self._numbers[signature.name]
        return self._replies.success(request.call, encoded, was_reset, timings, number)

    def _failure(
        self, request: Prepared, error: BaseException, was_reset: bool = False
    ) -> ReplyFrame:
        protocol, number = request.protocol, self._numbers[request.signature.name]
        return self._replies.failure(
            request.call, error, protocol.word, was_reset, protocol.failure, number
        )

    def _log_failed_stack(self, group: Group, error: BaseException) -> None:
        name = group[0].signature.name
        if isinstance(error, RowsLost):
            self.unstackable.add(name)
            logger.warning("signature %s is no longer stacked: %s", name, error)
        else:
            logger.info("%d stacked calls of %s failed, trying each alone", len(group), name)


def portions(replies: Iterable[ReplyFrame]) -> Iterator[List[ReplyFrame]]:
    """Give replies together, as far as their size allows."""
    portion: List[ReplyFrame] = []
    size_bytes = 0
    for reply in replies:
        portion.append(reply)
        size_bytes += len(reply.payload)
        if size_bytes >= _PORTION_BYTES:
            yield portion
            portion, size_bytes = [], 0
    if portion:
        yield portion
