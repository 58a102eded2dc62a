"""Log calls of the model: those that fail or are slow, or all."""

import time
from typing import Callable, Optional

from serving_runtime import logs
from serving_runtime.errors import Status
from serving_runtime.logs.events import EventLog
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply
from serving_runtime.settings import Settings

Observer = Callable[[FrontCall, Reply], None]

FIELDS = ("id", "method", "status", "ms", "bytes_in", "bytes_out")
FIELDS_OF_FAILURE = (*FIELDS, "details")


def observer(settings: Settings, lock: FrontLock) -> Optional[Observer]:
    """Return the function that logs a finished call if it is one to log; None if none is.

    The lines of all calls that finish while the front lock is held are written at its release.
    """
    if settings.log_calls == "none":
        return None
    events = EventLog(logs.get_logger(__name__), "call")
    lock.after_release(events.flush)
    log_call = _call_logger(events)
    if settings.log_calls == "all":
        return log_call
    return _failed_or_slow(log_call, settings.slow_call_seconds or float("inf"))


def _failed_or_slow(log_call: Observer, slow_seconds: float) -> Observer:
    def observe(call: FrontCall, outcome: Reply) -> None:
        is_slow = time.monotonic() - call.received > slow_seconds
        if is_slow or outcome.status is not Status.OK:
            log_call(call, outcome)

    return observe


def _call_logger(events: EventLog) -> Observer:
    def log_call(call: FrontCall, outcome: Reply) -> None:
        values = (
            call.request_id,
            call.operation.log_name,
            outcome.status.name,
            round((time.monotonic() - call.received) * 1000, 1),
            len(call.payload),
            len(outcome.payload),
        )
        if outcome.details:
            events.add(FIELDS_OF_FAILURE, (*values, outcome.details))
        else:
            events.add(FIELDS, values)

    return log_call
