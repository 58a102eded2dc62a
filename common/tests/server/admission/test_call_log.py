import logging
import time

import pytest

from serving_runtime.errors import Status
from serving_runtime.operations import PREDICT
from serving_runtime.server.admission import call_log
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply

REQUEST = b"very private payload"
GOOD = Reply(Status.OK, "", b"private reply")
BAD = Reply(Status.OUT_OF_RANGE, "why", b"")


@pytest.fixture
def logged(settings, caplog):
    """Return a function that finishes a call, and returns the fields of its lines."""
    caplog.set_level(logging.INFO)

    def finish(outcome, seconds=0.0, **changes):
        lock = FrontLock()
        observe = call_log.observer(settings(**changes), lock)
        call = FrontCall(1, PREDICT, REQUEST, "abc", time.monotonic() + 60)
        call.received -= seconds
        caplog.clear()
        if observe is not None:
            with lock:
                observe(call, outcome)
                assert not caplog.records, "nothing is written while the lock is held"
        return [record.fields for record in caplog.records]

    return finish


def test_a_line_has_what_operators_look_for(logged):
    """Id, method, status, time and sizes."""
    [fields] = logged(GOOD, log_calls="all")
    assert fields.pop("ms") >= 0
    assert fields == {
        "id": "abc", "method": "Predict", "status": "OK",
        "bytes_in": len(REQUEST), "bytes_out": len(GOOD.payload),
    }  # fmt: skip


@pytest.mark.parametrize("words", ["all", "failed"])
def test_a_failed_call_is_logged_with_its_details(logged, words):
    """What the client has got is in the log too."""
    [fields] = logged(BAD, log_calls=words)
    assert (fields["status"], fields["details"]) == ("OUT_OF_RANGE", "why")


@pytest.mark.parametrize(
    ("words", "seconds", "slow_seconds", "lines"),
    [
        ("failed", 0.0, 1.0, 0),
        ("failed", 2.0, 1.0, 1),
        ("failed", 2.0, 60.0, 0),
        ("failed", 2.0, 0.0, 0),
        ("all", 0.0, 1.0, 1),
        ("none", 2.0, 1.0, 0),
    ],
)
def test_a_good_call_is_logged_if_it_is_slow(logged, words, seconds, slow_seconds, lines):
    """With `failed` only the slow ones are, of which there are none at 0; with `none` none is."""
    found = logged(GOOD, seconds, log_calls=words, slow_call_seconds=slow_seconds)
    assert len(found) == lines


def test_none_leaves_failures_out_too(logged):
    """Nothing at all is logged."""
    assert logged(BAD, log_calls="none") == []


def test_payloads_are_never_logged(logged, caplog):
    """Neither the request's nor the reply's."""
    caplog.set_level(logging.DEBUG)
    logged(GOOD, log_calls="all")
    written = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "abc" in written
    assert "private" not in written
