import pytest

from serving_runtime.server.admission.rooms import Rooms

MAX_BYTES = 100


class Slots:
    """A worker that runs several batches at once."""

    def __init__(self, slots, free_slots, running_bytes=0, stacks=True):
        self.slots, self.free_slots = slots, free_slots
        self.running_bytes, self.stacks = running_bytes, stacks


@pytest.fixture
def suspect(make_call):
    """Return a call that has seen a worker end."""
    call = make_call()
    call.deaths = 1
    return call


def test_the_roomiest_worker_gets_a_call(make_call):
    """So that no worker has all that runs."""
    workers = [Slots(4, 1), Slots(4, 3), Slots(4, 0)]
    rooms = Rooms(workers, MAX_BYTES)
    given = []
    for _ in range(4):
        room = rooms.for_call(make_call())
        given.append(workers.index(room.worker))
        rooms.give(room, [make_call()])
    assert given == [1, 1, 0, 1]
    assert rooms.for_call(make_call()) is None


def test_a_call_that_saw_a_worker_end_needs_an_empty_one(make_call, suspect):
    """And nothing is given beside it."""
    workers = [Slots(4, 3), Slots(2, 2)]
    rooms = Rooms(workers, MAX_BYTES)
    room = rooms.for_call(suspect)
    assert room.worker is workers[1]
    rooms.give(room, [suspect])
    assert rooms.for_call(suspect) is None
    assert rooms.for_call(make_call()).worker is workers[0]


def test_what_runs_in_a_worker_may_be_as_large_as_one_call(make_call):
    """A call that finds no memory waits, but never for a worker that has nothing to run."""
    rooms = Rooms([Slots(4, 3, running_bytes=60)], MAX_BYTES)
    assert rooms.for_call(make_call(b"x" * 41)) is None
    call = make_call(b"x" * 40)
    rooms.give(rooms.for_call(call), [call])
    assert rooms.for_call(make_call(b"x")) is None
    assert Rooms([Slots(4, 4)], MAX_BYTES).for_call(make_call(b"x" * 1000)) is not None


def test_what_waits_is_shared_among_free_slots(make_call):
    """Unless calls cannot be stacked."""
    stacking, single = Slots(4, 3), Slots(4, 1, stacks=False)
    rooms = Rooms([stacking, single], MAX_BYTES)
    assert [rooms.share(waiting, stacking) for waiting in (1, 4, 5, 9)] == [1, 1, 2, 3]
    assert rooms.share(9, single) == 1
