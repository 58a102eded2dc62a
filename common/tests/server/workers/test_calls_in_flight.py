import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import GarbledError, ReplyFrame
from serving_runtime.server.workers import calls_in_flight
from serving_runtime.server.workers.calls_in_flight import CallsInFlight


@pytest.fixture
def in_flight():
    """Return the calls of a worker that has none yet."""
    return CallsInFlight()


def answer(in_flight, call, **frame):
    """Note the reply to a call."""
    in_flight.note_reply(ReplyFrame(call.number, Status.OK, "", b"", **frame), b"done")


def test_replies_are_delivered_later_and_in_order(in_flight, make_call):
    """Clients are answered while the worker runs its next calls already."""
    calls = [make_call(), make_call()]
    in_flight.add(calls)
    for call in reversed(calls):
        answer(in_flight, call)
    assert not in_flight.held
    assert not any(call.is_done for call in calls)
    order = []
    for call in calls:
        call.when_done(lambda call, outcome: order.append(call))
    in_flight.deliver(on_reset=None)
    assert order == calls[::-1]


def test_reset_is_noted_before_the_answer(in_flight, make_call):
    """The answer is one of the new state."""
    call, seen = make_call(), []
    in_flight.add([call])
    answer(in_flight, call, was_reset=True)
    in_flight.deliver(lambda call: seen.append(call.is_done))
    assert seen == [False]
    assert call.status == Status.OK


@pytest.mark.parametrize("frame", [{"has_more": True}, {"id": 2}])
def test_what_answers_no_call_leaves_it_held(in_flight, make_call, frame):
    """A part of a reply, or a reply to another call; the worker is about to be killed for it."""
    call = make_call()
    in_flight.add([call])
    with pytest.raises(GarbledError, match="does not hold"):
        in_flight.note_reply(ReplyFrame(1, Status.OK, "", b"")._replace(**frame), b"")
    assert in_flight.give_up() == [call]
    assert not in_flight.held


def test_calls_that_are_done_are_not_given_up(in_flight, make_call):
    """They were answered at their deadlines."""
    expired, lost = make_call(), make_call()
    in_flight.add([expired, lost])
    expired.expire()
    assert in_flight.give_up() == [lost]


def test_the_slowest_calls_are_known(in_flight, make_call, monkeypatch):
    """Those of a batch count together, from when they were given to the last answer."""
    now = [10.0]
    monkeypatch.setattr(calls_in_flight.time, "monotonic", lambda: now[0])
    for seconds in (3.0, 1.0):
        call = make_call()
        in_flight.add([call])
        now[0] += seconds
        answer(in_flight, call)
        now[0] += 100.0
    assert in_flight.slowest_seconds == 3.0


def test_what_runs_still_is_not_the_slowest_yet(in_flight, make_call, monkeypatch):
    """It may never end."""
    monkeypatch.setattr(calls_in_flight.time, "monotonic", lambda: 10.0)
    in_flight.add([make_call()])
    assert in_flight.slowest_seconds == 0.0
