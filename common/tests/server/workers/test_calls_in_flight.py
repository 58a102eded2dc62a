import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import GarbledError, ReplyFrame
from serving_runtime.server.workers import calls_in_flight
from serving_runtime.server.workers.calls_in_flight import BatchesInFlight, CallsInFlight


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


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that a test sets."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(calls_in_flight, "time", clock)
    return clock


def test_one_batch_fills_a_worker_that_runs_one(in_flight, make_call):
    """It has room again once all of it is answered."""
    calls = [make_call(), make_call()]
    assert in_flight.free_slots == 1
    in_flight.add(calls)
    assert in_flight.free_slots == 0
    answer(in_flight, calls[0])
    assert in_flight.free_slots == 0
    answer(in_flight, calls[1])
    assert in_flight.free_slots == 1


def test_a_batch_has_a_slot_until_its_last_answer(make_call):
    """However many calls it has, and in whatever order they are answered."""
    in_flight = BatchesInFlight(3)
    first, second = [make_call(), make_call()], [make_call()]
    in_flight.add(first)
    in_flight.add(second)
    assert in_flight.free_slots == 1
    answer(in_flight, first[1])
    assert in_flight.free_slots == 1
    answer(in_flight, second[0])
    assert in_flight.free_slots == 2
    answer(in_flight, first[0])
    assert in_flight.free_slots == 3
    assert not in_flight.held


def test_a_call_that_has_seen_a_worker_end_is_alone(make_call):
    """Nothing is given beside what may end the worker once more."""
    in_flight, suspect = BatchesInFlight(3), make_call()
    suspect.deaths = 1
    in_flight.add([suspect])
    assert in_flight.free_slots == 0
    answer(in_flight, suspect)
    assert in_flight.free_slots == 3


def test_only_answers_are_signs_of_life_while_calls_are_held(make_call, clock):
    """A worker that hangs is given new calls as long as it has slots, and hangs all the same."""
    in_flight, calls = BatchesInFlight(3), [make_call() for _ in range(3)]
    in_flight.add(calls[:1])
    assert in_flight.last_sign == 100.0
    clock.now = 101.0
    in_flight.add(calls[1:2])
    assert in_flight.last_sign == 100.0
    clock.now = 102.0
    answer(in_flight, calls[1])
    assert in_flight.last_sign == 102.0
    clock.now = 103.0
    answer(in_flight, calls[0])
    clock.now = 110.0
    in_flight.add(calls[2:])
    assert in_flight.last_sign == 110.0


def test_slowest_batch_is_known_whatever_ran_beside_it(make_call, clock):
    """From when it was given to its last answer."""
    in_flight, calls = BatchesInFlight(3), [make_call() for _ in range(3)]
    in_flight.add(calls[:2])
    clock.now = 101.0
    in_flight.add(calls[2:])
    clock.now = 103.0
    answer(in_flight, calls[0])
    answer(in_flight, calls[2])
    assert in_flight.slowest_seconds == 2.0
    clock.now = 107.0
    answer(in_flight, calls[1])
    assert in_flight.slowest_seconds == 7.0
