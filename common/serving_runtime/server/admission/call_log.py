"""Log calls of the model: those that fail or are slow, or all."""

import base64
import codecs
import re
import time
from typing import Any, Callable, Optional, Tuple

from serving_runtime import logs
from serving_runtime.calls import trace_id_of
from serving_runtime.errors import Status
from serving_runtime.logs.events import EventLog
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

Observer = Callable[[FrontCall, Reply], None]

FIELDS = ("id", "method", "status", "ms", "bytes_in", "bytes_out")
# Those that not every line has.
TRACE_ID = ("trace_id",)
DETAILS = ("details",)
PAYLOADS = ("request", "reply")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def observer(settings: Settings, lock: FrontLock) -> Optional[Observer]:
    """Return the function that logs a finished call if it is one to log; None if none is.

    The lines of all calls that finish while the front lock is held are written at its release.
    """
    if settings.log_calls == "none":
        return None
    events = EventLog(logs.get_logger(__name__), "call")
    lock.after_release(events.flush)
    log_call = _call_logger(events, settings.log_payload_bytes)
    if settings.log_calls == "all":
        return log_call
    return _failed_or_slow(log_call, settings.slow_call_seconds or float("inf"))


def _failed_or_slow(log_call: Observer, slow_seconds: float) -> Observer:
    def observe(call: FrontCall, outcome: Reply) -> None:
        is_slow = time.monotonic() - call.received > slow_seconds
        if is_slow or outcome.status is not Status.OK:
            log_call(call, outcome)

    return observe


def _call_logger(events: EventLog, payload_bytes: int) -> Observer:
    def log_call(call: FrontCall, outcome: Reply) -> None:
        names: Tuple[str, ...] = FIELDS
        values: Tuple[Any, ...] = (
            call.request_id,
            call.operation.log_name,
            outcome.status.name,
            round((time.monotonic() - call.received) * 1000, 1),
            len(call.payload),
            len(outcome.payload),
        )
        trace_id = trace_id_of(call.attributes)
        if trace_id:
            names, values = names + TRACE_ID, (*values, trace_id)
        if outcome.details:
            names, values = names + DETAILS, (*values, outcome.details)
        if payload_bytes:
            shown = (_shown(it, payload_bytes) for it in (call.payload, outcome.payload))
            names, values = names + PAYLOADS, (*values, *shown)
        events.add(names, values)

    return log_call


def log_summary(settings: Settings) -> None:
    """Log loudly at the start that payloads will be logged, if they will."""
    if settings.log_payload_bytes:
        logger.warning(
            "PAYLOADS ARE LOGGED: THE LOG OF CALLS HAS THE FIRST %d BYTES OF EACH REQUEST AND REPLY"
            " (RUNTIME_LOG_PAYLOADS), WHATEVER IS PRIVATE IN THEM",
            settings.log_payload_bytes,
        )


def _shown(payload: bytes, max_bytes: int) -> str:
    """Return the beginning of a payload: as it is if it is text, else in base64."""
    first = bytes(payload[:max_bytes])
    more = f"… {len(payload) - max_bytes} more bytes" if len(payload) > max_bytes else ""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(first)
    except UnicodeDecodeError:
        text = "\0"
    if _CONTROL.search(text):
        text = "base64:" + base64.b64encode(first).decode()
    return text + more
