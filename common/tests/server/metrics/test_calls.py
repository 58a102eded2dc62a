import time

import pytest

from serving_runtime.errors import PoisonRequest, Status
from serving_runtime.ipc.frames import NO_TIMINGS, Timings
from serving_runtime.ipc.totals import Totals
from serving_runtime.server.metrics.calls import ModelCalls, reasons
from serving_runtime.server.metrics.histogram import TOGETHER


def known():
    """Return counts that know two signatures."""
    calls = ModelCalls()
    calls.know(["a", "b"])
    return calls


def test_a_call_is_one_of_its_signature():
    """With all that its worker reports, and the wait of both sides together."""
    calls = known()
    calls.note(2, Status.OK, 0.25, Timings(0.1, 0.5, 2.0, 0.2, 8, 4, 3), 10, 20)
    of_b = calls.signatures["b"]
    of_b.settle()
    assert (of_b.statuses[Status.OK], of_b.casts) == (1, 3)
    parts = (of_b.queue, of_b.decode, of_b.model, of_b.encode, of_b.batch_rows, of_b.batch_calls)
    assert [part.distribution().total for part in parts] == [0.75, 0.1, 2.0, 0.2, 8.0, 4.0]
    assert (calls.bytes_out, calls.bytes_in) == (10, 20)
    assert calls.by_status() == {"OK": 1}


def test_a_run_is_counted_once():
    """One reply of it has how many calls it had."""
    calls = known()
    for number in range(4):
        calls.note(1, Status.OK, 0.0, Timings(0, 0, 1.0, 0, 8, 0 if number else 4, 0), 0, 0)
    of_a = calls.signatures["a"]
    of_a.settle()
    assert of_a.batch_rows.distribution().buckets[-1] == 1
    assert of_a.batch_calls.distribution().total == 4
    assert of_a.model.distribution().buckets[-1] == 4


def test_many_calls_are_added_up_on_the_way():
    """They must not be kept until somebody asks."""
    calls = known()
    for _ in range(2 * TOGETHER + 1):
        calls.note(1, Status.OK, 0.0, Timings(1.0, 0, 0, 0, 1, 1, 0), 0, 0)
    assert calls.signatures["a"].decode.distribution().buckets[-1] == 2 * TOGETHER
    assert calls.ended == 2 * TOGETHER + 1


def test_what_no_worker_has_read_has_no_signature():
    """Refused, or given up while it waited; nor has what a former worker calls by a number."""
    calls = known()
    calls.note(0, Status.RESOURCE_EXHAUSTED, -5.0, NO_TIMINGS, 0, 7)
    calls.note(9, Status.INTERNAL, 0.5, NO_TIMINGS, 0, 7)
    none = calls.signatures[""]
    assert none.statuses[Status.RESOURCE_EXHAUSTED] == none.statuses[Status.INTERNAL] == 1
    assert none.queue.distribution().buckets[-1] == 1


def test_signatures_that_are_learned_again_keep_their_counts():
    """Each new worker says what it serves."""
    calls = known()
    calls.note(1, Status.OK, 0.0, NO_TIMINGS, 0, 0)
    calls.know(["b", "a"])
    calls.note(2, Status.OK, 0.0, NO_TIMINGS, 0, 0)
    assert calls.signatures["a"].statuses[Status.OK] == 2


def test_failures_have_reasons_and_problems_kinds():
    """Those that there are: what else a worker might say is no series."""
    calls = known()
    calls.note_failure("invalid_input", "dtype,dtype,shape,odd")
    calls.note_failure("odd", "")
    assert {kind: count for kind, count in calls.problems.items() if count} == {
        "dtype": 2, "shape": 1,
    }  # fmt: skip
    assert sum(calls.failures.values()) == 1
    assert PoisonRequest.reason in reasons()
    assert len(set(reasons())) == len(reasons())


def test_totals_are_of_all_signatures_and_workers():
    """Questions about the model are no calls of it, but those that failed are failures."""
    calls = known()
    assert calls.totals() == Totals()
    given = time.monotonic() - 5
    calls.note(1, Status.OK, 0.25, Timings(0.1, 0.5, 2.0, 0.2, 8, 2, 0), 0, 0, given)
    calls.note(1, Status.OK, 0.25, Timings(0.1, 0.5, 2.0, 0.2, 8, 0, 0), 0, 0, given)
    calls.note(2, Status.OK, 0.0, Timings(0.0, 0.0, 1.0, 0.0, 1, 1, 0), 0, 0, given - 60)
    calls.note(2, Status.INTERNAL, -1.0, NO_TIMINGS, 0, 0)
    calls.note(0, Status.OK, 0.0, NO_TIMINGS, 0, 0)
    calls.note(0, Status.INVALID_ARGUMENT, -1.0, NO_TIMINGS, 0, 0)
    totals = calls.totals()
    assert totals[:4] == (3, 2, 2, 9)
    assert totals.last_run == pytest.approx(time.time() - 5, abs=1)
    assert totals[5:] == pytest.approx((0.2, 1.5, 5.0, 0.4))
