import re
import time

import pytest

from serving_runtime.errors import LimitExceeded, Status
from serving_runtime.operations import PREDICT
from serving_runtime.server.admission.admission import Admission
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.health import Health, Phase
from serving_runtime.server.metrics import Counters
from serving_runtime.server.transport import Reply, Request
from serving_runtime.server.workers.state_epoch import StateEpoch

SECRET = b"very private payload"


class FakeDispatcher:
    """Keeps the calls, or refuses them."""

    def __init__(self):
        self.lock = FrontLock()
        self.calls = []
        self.refusal = None

    def submit(self, call):
        """Keep a call."""
        if self.refusal:
            raise self.refusal
        self.calls.append(call)


class Reception:
    """An admission with its neighbours, and what was answered."""

    def __init__(self, settings):
        self.dispatcher = FakeDispatcher()
        self.health = Health()
        self.health.enter(Phase.SERVING)
        self.counters = Counters()
        self.state = StateEpoch(self.counters)
        self.admission = Admission(
            settings, self.dispatcher, self.health, self.state.headers, self.counters
        )
        self.answers = []

    def admit(self, request_id="", seconds_left=None, reset_state=None):
        """Bring a request; return the function that cancels it."""
        request = Request(
            PREDICT,
            SECRET,
            request_id,
            seconds_left,
            reset_state,
            lambda outcome, headers: self.answers.append((outcome, dict(headers))),
        )
        with self.dispatcher.lock:
            return self.admission.admit(request)

    @property
    def call(self):
        """The one call that was admitted."""
        [call] = self.dispatcher.calls
        return call


@pytest.fixture
def reception(settings):
    """Return an admission whose longest deadline is 10 s."""
    return Reception(settings(request_timeout_seconds=10.0))


def test_clients_request_id_is_kept(reception):
    """The same id finds the call in every log that it went through."""
    reception.admit("abc-123")
    assert reception.call.request_id == "abc-123"


def test_request_id_is_made_where_there_is_none(reception):
    """Each call has one of its own."""
    reception.admit()
    reception.admit()
    first, second = [call.request_id for call in reception.dispatcher.calls]
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert first != second


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a b\nERROR c", "abERRORc"), ("x" * 500, "x" * 128), ("\N{SNOWMAN}a\x7f", "a")],
)
def test_request_id_is_made_harmless(reception, given, kept):
    """It goes into a header and into the log, where it must not forge a line."""
    reception.admit(given)
    assert reception.call.request_id == kept


def test_request_id_of_nothing_harmless_is_made(reception):
    """An id that is all spaces is none."""
    reception.admit(" \n")
    assert re.fullmatch("[0-9a-f]{16}", reception.call.request_id)


@pytest.mark.parametrize(
    ("left", "seconds"), [(None, 10.0), (2.0, 2.0), (60.0, 10.0), (-1.0, -1.0)]
)
def test_deadline_is_the_sooner_one(reception, left, seconds):
    """The client's, but never longer than RUNTIME_REQUEST_TIMEOUT."""
    before = time.monotonic()
    reception.admit(seconds_left=left)
    after = time.monotonic()
    assert before + seconds <= reception.call.deadline <= after + seconds


def test_calls_have_numbers_of_their_own(reception):
    """Workers answer by number."""
    reception.admit()
    reception.admit()
    first, second = reception.dispatcher.calls
    assert first.number != second.number


def test_success_has_no_trailing_metadata(reception):
    """Hydrosphere's clients expect nothing beside the reply."""
    reception.admit("abc")
    outcome = Reply(Status.OK, "", b"reply")
    reception.call.finish(outcome)
    assert reception.answers == [(outcome, {})]


def test_failure_carries_the_request_id(reception):
    """The client learns by which id the log can be searched."""
    reception.admit("abc")
    outcome = Reply(Status.INTERNAL, "ValueError('x')", b"")
    reception.call.finish(outcome)
    assert reception.answers == [(outcome, {"x-request-id": "abc"})]


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.NO_WORKER])
def test_calls_are_refused_while_there_is_no_model(reception, phase):
    """UNAVAILABLE at once, and why; nothing is queued."""
    if phase is Phase.LOADING:
        reception.health.__init__()
    else:
        reception.health.enter(phase)
    reception.admit("abc")
    [(outcome, metadata)] = reception.answers
    assert (outcome.status, outcome.details) == (Status.UNAVAILABLE, phase.value)
    assert metadata == {"x-request-id": "abc"}
    assert reception.dispatcher.calls == []


def test_calls_are_taken_while_draining(reception):
    """Clients need a moment to learn that the service goes away: nothing is lost meanwhile."""
    reception.health.enter(Phase.DRAINING)
    reception.admit()
    assert reception.answers == []
    assert reception.call


def test_full_queue_is_answered_at_once(reception):
    """The dispatcher's refusal becomes RESOURCE_EXHAUSTED."""
    reception.dispatcher.refusal = LimitExceeded("full: RUNTIME_MAX_QUEUE")
    reception.admit()
    [(outcome, _)] = reception.answers
    assert outcome[:3] == (Status.RESOURCE_EXHAUSTED, "full: RUNTIME_MAX_QUEUE", b"")
    assert outcome.reason == "limit_exceeded"
    counts = {"calls": {"RESOURCE_EXHAUSTED": 1}, "queue_refusals": 1}
    assert reception.counters.nonzero() == counts


def test_client_can_cancel(reception):
    """The function that accept returns ends the call."""
    cancel = reception.admit()
    cancel()
    assert reception.call.is_done
    assert reception.answers[0][0].status == Status.CANCELLED


@pytest.mark.parametrize(("logged", "lines"), [("none", 0), ("failed", 1), ("all", 1)])
def test_a_refused_call_is_logged(settings, caplog, logged, lines):
    """Admission asks the log of calls, which writes as the lock is released."""
    caplog.set_level("INFO")
    reception = Reception(settings(log_calls=logged))
    reception.dispatcher.refusal = LimitExceeded("full")
    reception.admit("abc")
    assert len(reception.answers) == 1
    assert [record.fields["id"] for record in caplog.records] == ["abc"] * lines


@pytest.mark.parametrize(
    ("text", "wanted"), [(None, False), ("0", False), ("false", False), ("1", True), ("true", True)]
)
def test_a_reset_can_be_asked_for(reception, text, wanted):
    """The words of x-reset-state; without it the state is kept."""
    reception.admit(reset_state=text)
    assert reception.call.resets_state is wanted


@pytest.mark.parametrize("text", ["", "yes", "True", "1 ", "2", "\N{SNOWMAN}", "x" * 5000])
def test_another_word_for_a_reset_is_refused(reception, text):
    """Neither yes nor no: the call is not queued, and the client learns the key and the words."""
    reception.admit("abc", reset_state=text)
    [(outcome, metadata)] = reception.answers
    assert outcome.status == Status.INVALID_ARGUMENT
    assert outcome.details.startswith("the metadata x-reset-state is " + repr(text)[:900])
    assert len(text) > 900 or "expected 1 or true" in outcome.details
    assert len(outcome.details.encode()) <= 1024
    assert metadata == {"x-request-id": "abc"}
    assert reception.dispatcher.calls == []


def test_answers_of_a_stateful_model_tell_the_epoch(reception):
    """Success and failure alike, as the state is when the answer is given."""
    reception.state.begin()
    reception.admit("a")
    reception.call.finish(Reply(Status.OK, "", b"reply"))
    reception.state.lose("worker-1")
    reception.dispatcher.refusal = LimitExceeded("full")
    reception.admit("b")
    told = [metadata for _, metadata in reception.answers]
    assert told == [{"x-state-epoch": "0"}, {"x-request-id": "b", "x-state-epoch": "1"}]


def test_answers_are_counted_by_status(reception):
    """Each once, whoever gives them: the worker, the clock or the client."""
    for _ in range(4):
        reception.admit()
    first, second, third, fourth = reception.dispatcher.calls
    first.finish(Reply(Status.OK, "", b"reply"))
    second.finish(Reply(Status.OK, "", b"reply"))
    second.expire()
    third.expire()
    fourth.cancel()
    assert reception.counters.calls == {"OK": 2, "DEADLINE_EXCEEDED": 1, "CANCELLED": 1}


def test_use_without_the_front_lock_is_caught(reception):
    """Another thread might be in the middle of the same."""
    with pytest.raises(RuntimeError, match="front lock"):
        reception.admission.admit(None)
    assert reception.dispatcher.calls == []
