"""One call on its way through the front, from the client's bytes to the one answer it gets."""

import time
from typing import Callable, List, Mapping

from serving_runtime.errors import DeadlinePassed, ServingError, Status, one_line
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import NO_TIMINGS, CallFrame
from serving_runtime.ipc.tuples import make_tuple
from serving_runtime.operations import Operation
from serving_runtime.server.transport import Reply

# How far grpc's timers and ours may be apart.
TIMER_SECONDS = 0.01


class FrontCall:
    """A client's request and the means to answer it, exactly once.

    Args:
        number: unique within this front.
        operation: the row of the table that it asks for.
        payload: the request as it came; the front never reads it.
        request_id: the client's ``x-request-id``, or one made here.
        deadline: seconds on the monotonic clock.

    Attributes:
        target: the model that the request's path names; empty where it names none.
        attributes: what the request says beside its payload, of `ipc.attributes`' allow-list.
        sent: when a worker was last given it, on the monotonic clock; 0 if none was.
        timings: how long the worker took, once it has answered; for observers.
        signature: the number of its signature, once a worker has said so; 0 for none.
        problems: the kinds of what was wrong with it, with commas, likewise.
    """

    __slots__ = (
        "_observers",
        "attributes",
        "deadline",
        "deaths",
        "is_done",
        "number",
        "operation",
        "payload",
        "problems",
        "received",
        "request_id",
        "resets_state",
        "sent",
        "signature",
        "target",
        "timings",
    )

    def __init__(
        self,
        number: int,
        operation: Operation,
        payload: bytes,
        request_id: str,
        deadline: float,
    ) -> None:
        self.number = number
        self.operation = operation
        self.payload = payload
        self.request_id = request_id
        self.deadline = deadline
        self.target = ""
        self.attributes: Mapping[str, str] = EMPTY
        self.timings = NO_TIMINGS
        self.sent = 0.0
        self.signature = 0
        self.problems = ""
        self.received = time.monotonic()
        # Whether the model's state is to be reset just before this call.
        self.resets_state = False
        # How many workers ended while they held this call.
        self.deaths = 0
        self.is_done = False
        self._observers: List[Callable[[FrontCall, Reply], None]] = []

    def frame(self) -> CallFrame:
        """Return what a worker is sent of it."""
        parts = (self.number, self.operation.key, self.request_id, self.deadline, self.payload,
                 self.resets_state, self.attributes, self.target, 0, self.received)  # fmt: skip
        return make_tuple(CallFrame, parts)

    def when_done(self, observer: Callable[["FrontCall", Reply], None]) -> None:
        """Call ``observer`` with the outcome, once there is one.

        Observers are called in the order in which they were added, which is a contract: the
        client's answer is the first (Admission adds it), the line in the log follows, and the
        dispatcher forgets the call; then workers are spared it that hold it still.
        """
        self._observers.append(observer)

    def finish(self, outcome: Reply) -> None:
        """Answer the call; a second answer (a reply after the deadline, say) is dropped."""
        if self.is_done:
            return
        self.is_done = True
        for observer in self._observers:
            observer(self, outcome)

    def fail(self, error: ServingError) -> None:
        """Answer the call with an error's status and text."""
        self.finish(Reply(error.status, one_line(str(error)), b"", error.reason))

    def expire(self) -> None:
        """Answer the call at its deadline."""
        self.fail(DeadlinePassed("the deadline passed before the model answered"))

    def cancel(self) -> None:
        """Note that the client has gone; nothing will be sent.

        grpc ends a call at its deadline in the same way as one that the client gives up.
        """
        if time.monotonic() >= self.deadline - TIMER_SECONDS:
            self.expire()
        else:
            self.finish(Reply(Status.CANCELLED, "the client cancelled the call", b""))
