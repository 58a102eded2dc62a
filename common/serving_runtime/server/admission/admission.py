"""Turn requests of all transports into calls: an id, a deadline, admission, a line in the log."""

import itertools
import secrets
import time
from typing import Callable, List, Optional, Tuple

from serving_runtime.calls import trace_id_of
from serving_runtime.errors import (
    InvalidInput,
    LimitExceeded,
    ModelFailed,
    NotAvailable,
    ServingError,
    Status,
)
from serving_runtime.ipc.attributes import TRACEPARENT
from serving_runtime.ipc.frames import NO_TIMINGS
from serving_runtime.server import trace_context
from serving_runtime.server.admission import call_log
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.health import Health
from serving_runtime.server.metrics import Counters
from serving_runtime.server.transport import Reply, Request
from serving_runtime.settings import Settings

MAX_REQUEST_ID = 128
RESET_WORDS = {None: False, "0": False, "false": False, "1": True, "true": True}


class Admission:
    """Admit calls for the model, or answer at once why not.

    Args:
        settings: the longest deadline, and whether calls are logged.
        dispatcher: takes what is admitted.
        health: whether any call is.
        state_headers: what each answer says of a stateful model's state.
        counters: what is counted.
        begin_span: records a call; None where none is recorded.
    """

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        health: Health,
        state_headers: Callable[[], List[Tuple[str, str]]],
        counters: Counters,
        begin_span: Optional[Callable[[FrontCall], None]] = None,
    ) -> None:
        self._begin_span = begin_span
        self._settings = settings
        self._log_call = call_log.observer(settings, dispatcher.lock)
        self._dispatcher = dispatcher
        self._health = health
        self._state_headers = state_headers
        self._counters = counters
        self._note, self._note_failure = counters.model.note, counters.model.note_failure
        self._numbers = itertools.count(1)
        # Ids made here: one random half for the service's life, so that calls cost no entropy.
        self._own_ids = secrets.token_hex(4)

    def admit(self, request: Request) -> Callable[[], None]:
        """Admit a call, while holding the front lock; return the function that cancels it."""
        self._dispatcher.lock.assert_held()
        call = self._call(request)
        call.when_done(lambda call, outcome: self._respond(request, call, outcome))
        if self._log_call is not None:
            call.when_done(self._log_call)
        if self._begin_span is not None:
            self._begin_span(call)
        if self._health.takes_calls:
            self._submit(call, request.reset_state)
        else:
            self._refuse(call, NotAvailable(self._health.phase.value))
        return call.cancel

    def _submit(self, call: FrontCall, reset_state: Optional[str]) -> None:
        try:
            call.resets_state = _is_wanted(reset_state)
            self._dispatcher.submit(call)
        except (InvalidInput, ModelFailed) as error:
            self._refuse(call, error)
        except LimitExceeded as error:
            self._counters.queue_refusals += 1
            self._refuse(call, error)

    def _refuse(self, call: FrontCall, error: ServingError) -> None:
        self._counters.refusals[error.reason] += 1
        call.fail(error)

    def _respond(self, request: Request, call: FrontCall, outcome: Reply) -> None:
        """Answer the client; a failure carries the request id by which the log can be searched."""
        status = outcome.status
        self._note(
            call.signature,
            status,
            call.sent - call.received,
            call.timings,
            len(outcome.payload),
            len(call.payload),
            call.sent,
        )
        if call.attributes:
            self._exemplify(call)
        headers = self._state_headers()
        if status != Status.OK:
            self._note_failure(outcome.reason, call.problems)
            headers.append(("x-request-id", call.request_id))
        request.respond(outcome, headers)

    def _exemplify(self, call: FrontCall) -> None:
        """Show what a call took by its trace, if that is recorded."""
        parent = call.attributes.get(TRACEPARENT, "")
        if parent and call.timings is not NO_TIMINGS and trace_context.is_sampled(parent):
            trace_id, waited = trace_id_of(call.attributes), call.sent - call.received
            self._counters.model.exemplify(call.signature, trace_id, waited, call.timings)

    def _call(self, request: Request) -> FrontCall:
        longest = self._settings.request_timeout_seconds
        left = longest if request.seconds_left is None else min(longest, request.seconds_left)
        number = next(self._numbers)
        call = FrontCall(
            number=number,
            operation=request.operation,
            payload=request.payload,
            request_id=self._request_id(request.request_id, number),
            deadline=time.monotonic() + left,
        )
        call.target, call.attributes = request.target, request.attributes
        return call

    def _request_id(self, given: str, number: int) -> str:
        return (given and _printable(given)) or f"{self._own_ids}{number:08x}"


def _is_wanted(reset_state: Optional[str]) -> bool:
    """Read a client's ``x-reset-state``.

    Raises:
        InvalidInput: it is neither yes nor no, and a guess could cost the state.
    """
    try:
        return RESET_WORDS[reset_state]
    except KeyError:
        raise InvalidInput(
            f"the metadata x-reset-state is {reset_state!r}: expected 1 or true to reset the "
            "model's state before this call, 0, false or no such metadata to keep it"
        ) from None


def _printable(request_id: str) -> str:
    """Keep a client's id harmless in a header and in a log line."""
    kept = "".join(letter for letter in request_id if "!" <= letter <= "~")
    return kept[:MAX_REQUEST_ID]
