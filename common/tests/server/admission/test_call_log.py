import logging
import time

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.operations import PREDICT
from serving_runtime.server.admission import call_log
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Reply

REQUEST = b"very private payload"
GOOD = Reply(Status.OK, "", b"private reply")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BAD = Reply(Status.OUT_OF_RANGE, "why", b"")


@pytest.fixture
def logged(settings, caplog):
    """Return a function that finishes a call, and returns the fields of its lines."""
    caplog.set_level(logging.INFO)

    def finish(outcome, seconds=0.0, payload=REQUEST, attributes=EMPTY, **changes):
        lock = FrontLock()
        observe = call_log.observer(settings(**changes), lock)
        call = FrontCall(1, PREDICT, payload, "abc", time.monotonic() + 60)
        call.attributes = attributes
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


def test_payloads_are_not_logged(logged, caplog):
    """Neither the request's nor the reply's, unless somebody wants it."""
    caplog.set_level(logging.DEBUG)
    logged(GOOD, log_calls="all")
    written = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "abc" in written
    assert "private" not in written


def test_a_call_of_a_trace_is_found_by_it(logged):
    """Its line has the trace's id, and the others have no such field."""
    [fields] = logged(BAD, attributes={"traceparent": PARENT, "baggage": "a=b"})
    assert fields["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert list(fields)[-1] == "details"
    assert "trace_id" not in logged(BAD, attributes={"accept": "*/*"})[0]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"", ""),
        ('{"x": "\u00e9\t"}\n'.encode(), '{"x": "\u00e9\t"}\n'),
        (b"0123456789abcdefg", "0123456789abcdef… 1 more bytes"),
        ("0123456789abcde\u00e9".encode(), "0123456789abcde… 1 more bytes"),
        (b"\x0a\x03abc\x00", "base64:CgNhYmMA"),
        (b"\xff\xfe", "base64://4="),
    ],
)
def test_payloads_are_logged_where_that_is_wanted(logged, payload, shown):
    """As text if they are, else in base64, and up to a bound."""
    [fields] = logged(
        GOOD._replace(payload=payload), log_calls="all", log_payload_bytes=16, payload=payload
    )
    assert (fields["request"], fields["reply"]) == (shown, shown)


def test_that_payloads_are_logged_is_said_in_capitals(settings, caplog):
    """Who runs the service must not overlook it."""
    call_log.log_summary(settings())
    assert not caplog.records
    call_log.log_summary(settings(log_payload_bytes=16))
    assert "PAYLOADS ARE LOGGED" in caplog.text
