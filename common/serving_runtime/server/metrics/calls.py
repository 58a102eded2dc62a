"""Count the calls of the model: how they end, how long each part of them takes, how large they are.

What a worker reports of a call comes with its reply, so it is counted here whatever becomes of the
worker afterwards. A call that no worker has read has no signature.
"""

import time
from typing import Dict, List, Sequence, Type

from serving_runtime.errors import ProblemKind, ServingError, Status
from serving_runtime.ipc.frames import NO_TIMINGS, Timings
from serving_runtime.ipc.totals import Totals
from serving_runtime.server.metrics.histogram import SECONDS, SIZES, TOGETHER, Histogram

_CODES = max(Status) + 1
PROBLEM_KINDS = tuple(kind.value for kind in ProblemKind)


def reasons() -> List[str]:
    """Return every reason for which a call may fail."""
    found: List[str] = []
    kinds: List[Type[ServingError]] = [ServingError]
    while kinds:
        kind = kinds.pop(0)
        found += [] if kind.reason in found else [kind.reason]
        kinds += kind.__subclasses__()
    return found


class SignatureCalls:
    """The calls of one signature.

    Attributes:
        statuses: how many ended, by the number of their status.
        queue, decode, model, encode: seconds of each.
        batch_rows, batch_calls: how many of them each run of the model had.
        casts: inputs that were converted.
        last_given: when a worker was given the last one that it has answered, on the monotonic
            clock.
    """

    __slots__ = ("_timings", "batch_calls", "batch_rows", "casts", "decode", "encode",
                 "last_given", "model", "queue", "statuses")  # fmt: skip

    def __init__(self, bounds: Sequence[float]) -> None:
        self.statuses: List[int] = [0] * _CODES
        self.queue, self.decode = Histogram(bounds), Histogram(bounds)
        self.model, self.encode = Histogram(bounds), Histogram(bounds)
        self.batch_rows, self.batch_calls = Histogram(SIZES), Histogram(SIZES)
        self.casts = 0
        self.last_given = 0.0
        self._timings: List[Timings] = []

    def note(self, waited: float, timings: Timings, given: float) -> None:
        """Note what a worker reports of a call that it has answered."""
        self.last_given = given
        # In front and worker together.
        self.queue.observe(waited + timings[1])
        pending = self._timings
        pending.append(timings)
        if len(pending) >= TOGETHER:
            self.settle()

    def exemplify(self, trace_id: str, waited: float, timings: Timings) -> None:
        """Show such a call by its trace."""
        self.queue.exemplify(trace_id, waited + timings.queue_seconds)
        self.decode.exemplify(trace_id, timings.decode_seconds)
        self.model.exemplify(trace_id, timings.model_seconds)
        self.encode.exemplify(trace_id, timings.encode_seconds)

    def settle(self) -> None:
        """Add up what was noted."""
        if not self._timings:
            return
        noted, self._timings = self._timings, []
        decode, _, model, encode, rows, calls, casts = zip(*noted)
        self.decode.observe_all(decode)
        self.model.observe_all(model)
        self.encode.observe_all(encode)
        # Of each run one reply has them.
        self.batch_rows.observe_all([row for row, run in zip(rows, calls) if run])
        self.batch_calls.observe_all([run for run in calls if run])
        self.casts += sum(casts)


class ModelCalls:
    """The calls of the model.

    Args:
        bounds: of the seconds that each part takes.

    Attributes:
        signatures: what was counted, by signature; that of the empty name is of no signature.
        bytes_in, bytes_out: of all requests and replies.
        failures: how many failed, by reason.
        problems: what was wrong with requests, by kind.
    """

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = bounds
        self.signatures: Dict[str, SignatureCalls] = {}
        self._numbered = [self._of("")]
        self.bytes_in = self.bytes_out = 0
        self.failures: Dict[str, int] = dict.fromkeys(reasons(), 0)
        self.problems: Dict[str, int] = dict.fromkeys(PROBLEM_KINDS, 0)

    def know(self, names: Sequence[str]) -> None:
        """Learn the signatures, in the order in which workers number them from 1."""
        self._numbered = [self._of(name) for name in ("", *names)]

    def note(  # noqa: PLR0913, PLR0917  an object to hold them would cost each call more
        self,
        number: int,
        status: int,
        waited: float,
        timings: Timings,
        sent: int,
        received: int,
        given: float = 0.0,
    ) -> None:
        """Note a call that has ended.

        Args:
            number: of its signature; 0 for none.
            status: of the answer.
            waited: seconds until a worker was given it; negative where it never waited.
            timings: what the worker reports.
            sent: bytes of the reply.
            received: bytes of the request.
            given: when a worker was given it, on the monotonic clock.
        """
        signature = self._signature(number)
        signature.statuses[status] += 1
        self.bytes_in += received
        self.bytes_out += sent
        if timings is not NO_TIMINGS:
            signature.note(waited, timings, given)
        elif waited >= 0.0:
            signature.queue.observe(waited)

    def exemplify(self, number: int, trace_id: str, waited: float, timings: Timings) -> None:
        """Show a call that was noted, and that a worker has answered, by its trace."""
        self._signature(number).exemplify(trace_id, waited, timings)

    def note_failure(self, reason: str, problems: str) -> None:
        """Note why a call failed, and the kinds of what was wrong with it, with commas."""
        if reason in self.failures:
            self.failures[reason] += 1
        for kind in problems.split(",") if problems else ():
            if kind in self.problems:
                self.problems[kind] += 1

    def by_status(self) -> Dict[str, int]:
        """Return how many calls ended in each way, of those ways that there were."""
        statuses = [it.statuses for it in self.signatures.values()]
        sums = {status: sum(it[status] for it in statuses) for status in Status}
        return {status.name: count for status, count in sums.items() if count}

    def totals(self) -> Totals:
        """Return what was counted of all signatures together."""
        known = [calls for name, calls in self.signatures.items() if name]
        for calls in known:
            calls.settle()
        runs = [it.batch_calls.distribution() for it in known]
        answered = sum(it.statuses[Status.OK] for it in known)
        failed = sum(sum(it.statuses[1:]) for it in self.signatures.values())
        last = max([it.last_given for it in known], default=0.0)
        seconds = [
            sum(part.distribution().total for part in parts)
            for parts in zip(*((it.decode, it.queue, it.model, it.encode) for it in known))
        ]
        return Totals(
            answered,
            failed,
            sum(it.buckets[-1] for it in runs),
            int(sum(it.batch_rows.distribution().total for it in known)),
            time.time() - (time.monotonic() - last) if last else 0.0,
            *seconds,
        )

    @property
    def ended(self) -> int:
        """How many calls have ended."""
        return sum(sum(it.statuses) for it in self.signatures.values())

    def _signature(self, number: int) -> SignatureCalls:
        try:
            return self._numbered[number]
        except IndexError:  # of a worker that was started before the model changed
            return self._numbered[0]

    def _of(self, name: str) -> SignatureCalls:
        return self.signatures.setdefault(name, SignatureCalls(self._bounds))
