"""Turn what the listener brings into calls: an id, a deadline, admission, a line in the log."""

import itertools
import logging
import time
import uuid
from typing import Callable

from serving_runtime.errors import LimitExceeded, NotAvailable, Status
from serving_runtime.front.call import FrontCall, Outcome
from serving_runtime.front.dispatcher import Dispatcher
from serving_runtime.front.health import Health
from serving_runtime.front.listener import Incoming
from serving_runtime.settings import Settings

logger = logging.getLogger(__name__)

LONGEST_REQUEST_ID = 128


class Intake:
    """Admits calls for the model, or answers at once why not."""

    def __init__(self, settings: Settings, dispatcher: Dispatcher, health: Health) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._health = health
        self._numbers = itertools.count(1)

    def accept(self, incoming: Incoming) -> Callable[[], None]:
        """Admit a call; returns the function that cancels it."""
        call = self._call(incoming)
        call.when_done(lambda call, outcome: _respond(incoming, call, outcome))
        if self._settings.log_calls:
            call.when_done(_log)
        if self._health.takes_calls:
            self._submit(call)
        else:
            call.fail(NotAvailable(self._health.phase.value))
        return call.cancel

    def _submit(self, call: FrontCall) -> None:
        try:
            self._dispatcher.submit(call)
        except LimitExceeded as error:
            call.fail(error)

    def _call(self, incoming: Incoming) -> FrontCall:
        longest = self._settings.request_timeout_seconds
        left = longest if incoming.seconds_left is None else min(longest, incoming.seconds_left)
        return FrontCall(
            number=next(self._numbers),
            method=incoming.method,
            payload=incoming.payload,
            request_id=_printable(incoming.request_id) or uuid.uuid4().hex[:16],
            deadline=time.monotonic() + left,
        )


def _respond(incoming: Incoming, call: FrontCall, outcome: Outcome) -> None:
    """Answer the client; a failure carries the request id by which the log can be searched."""
    failed = outcome.status != Status.OK
    incoming.respond(outcome, [("x-request-id", call.request_id)] if failed else [])


def _printable(request_id: str) -> str:
    """Keep a client's id harmless in a header and in a log line."""
    kept = "".join(letter for letter in request_id if "!" <= letter <= "~")
    return kept[:LONGEST_REQUEST_ID]


def _log(call: FrontCall, outcome: Outcome) -> None:
    fields = {
        "id": call.request_id,
        "method": call.method.rpartition("/")[2],
        "status": outcome.status.name,
        "ms": round((time.monotonic() - call.received) * 1000, 1),
        "bytes_in": len(call.payload),
        "bytes_out": len(outcome.payload),
    }
    if outcome.details:
        fields["details"] = outcome.details
    logger.info("call", extra={"fields": fields})
