import pytest

from serving_runtime.errors import LimitExceeded, QueueFull, RequestTooLarge
from serving_runtime.server.admission.queue import AdmissionQueue, Bound

PLENTY = 10**6


@pytest.fixture
def waiting():
    """Return a queue of 3 calls and 10 bytes."""
    return AdmissionQueue(3, 10, PLENTY)


def fill(waiting, calls):
    """Add the calls to the queue."""
    for call in calls:
        waiting.add(call)


@pytest.mark.parametrize(("count", "fits"), [(2, True), (3, True), (4, False)])
def test_number_of_calls_is_bounded(waiting, make_call, count, fits):
    """The bound itself fits; one more is refused, names its setting, and does not wait."""
    calls = [make_call() for _ in range(count)]
    if fits:
        fill(waiting, calls)
    else:
        fill(waiting, calls[:-1])
        with pytest.raises(LimitExceeded, match="3 calls are waiting, as RUNTIME_MAX_QUEUE"):
            waiting.add(calls[-1])
    assert len(waiting) == min(count, 3)


@pytest.mark.parametrize(("size", "fits"), [(5, True), (6, True), (7, False)])
def test_bytes_are_bounded(waiting, make_call, size, fits):
    """The bound itself fits; one byte more is refused and names its setting."""
    waiting.add(make_call(b"x" * 4))
    second = make_call(b"x" * size)
    if fits:
        waiting.add(second)
    else:
        with pytest.raises(LimitExceeded, match=r"RUNTIME_MAX_QUEUE_BYTES \(10\)"):
            waiting.add(second)
    assert len(waiting) == 1 + fits


def test_one_call_always_fits(waiting, make_call):
    """A call larger than the bound can be served when nothing else waits."""
    waiting.add(make_call(b"x" * 11))
    assert len(waiting) == 1


def test_bytes_are_free_again_once_taken(waiting, make_call):
    """Taking and leaving give back just what adding took."""
    fill(waiting, [make_call(b"x" * 5), make_call(b"x" * 5)])
    waiting.take(1, PLENTY)
    waiting.discard(waiting.oldest)
    fill(waiting, [make_call(b"x" * 9), make_call(b"x")])
    with pytest.raises(LimitExceeded):
        waiting.add(make_call(b"x"))


def test_calls_are_taken_in_order(waiting, make_call):
    """First come, first served, and no more than asked for."""
    calls = [make_call() for _ in range(3)]
    fill(waiting, calls)
    assert waiting.take(2, PLENTY) == calls[:2]
    assert waiting.take(2, PLENTY) == calls[2:]
    assert waiting.take(2, PLENTY) == []


def test_calls_that_were_put_back_come_first(waiting, make_call):
    """What a worker did not answer goes before all others, beyond the bounds."""
    calls = [make_call() for _ in range(3)]
    fill(waiting, calls)
    taken = waiting.take(2, PLENTY)
    fill(waiting, [make_call(), make_call()])
    for call in reversed(taken):
        waiting.requeue_front(call)
    assert len(waiting) == 5
    assert waiting.take(5, PLENTY)[:2] == taken


def test_call_that_saw_a_death_is_taken_alone(waiting, make_call):
    """It may have been the cause, so it runs with nobody, neither before nor after it."""
    before, suspect, after = [make_call() for _ in range(3)]
    fill(waiting, [before, suspect, after])
    suspect.deaths = 1
    taken = [waiting.take(3, PLENTY) for _ in range(3)]
    assert taken == [[before], [suspect], [after]]


@pytest.mark.parametrize(("room", "count"), [(5, 1), (6, 2), (7, 2), (9, 3)])
def test_calls_are_taken_up_to_a_number_of_bytes(waiting, make_call, room, count):
    """Together they stay below the bound, so that a stacked reply may too."""
    fill(waiting, [make_call(b"x" * 3) for _ in range(3)])
    assert len(waiting.take(3, room)) == count


def test_oversized_call_is_taken_alone(waiting, make_call):
    """The first call is taken whatever its size: it would wait for ever otherwise."""
    calls = [make_call(b"x" * 8), make_call(b"")]
    fill(waiting, calls)
    assert waiting.take(3, 5) == calls[:1]


def test_call_that_is_answered_otherwise_leaves(waiting, make_call):
    """A call past its deadline, or without its client, takes no room and is never run."""
    calls = [make_call(b"x") for _ in range(3)]
    fill(waiting, calls)
    waiting.discard(calls[1])
    assert waiting.everything() == [calls[0], calls[2]]
    assert waiting.take(3, PLENTY) == [calls[0], calls[2]]


def test_call_that_does_not_wait_can_be_dropped(waiting, make_call):
    """It was taken, or taken and put back: whoever drops it need not know."""
    call = make_call(b"x" * 10)
    waiting.add(call)
    waiting.discard(*waiting.take(1, PLENTY))
    waiting.requeue_front(call)
    waiting.discard(call)
    assert not waiting
    fill(waiting, [make_call(b"x" * 5), make_call(b"x" * 5)])


@pytest.mark.parametrize("waits", [False, True])
def test_a_call_that_is_too_large_alone_is_refused(make_call, waits):
    """Whatever waits already, and with the setting's name and what it follows from."""
    waiting = AdmissionQueue(3, 100, 100)
    waiting.bound(Bound(20), Bound(8, "by the container's memory of 9 MiB"))
    if waits:
        waiting.add(make_call(b"x" * 8))
    with pytest.raises(RequestTooLarge) as error:
        waiting.add(make_call(b"x" * 9))
    assert str(error.value) == (
        "the request has 9 bytes, more than RUNTIME_MAX_MESSAGE_BYTES "
        "(8, by the container's memory of 9 MiB)"
    )
    assert len(waiting) == waits


def test_bounds_may_change_while_calls_wait(make_call):
    """What waits stays; the next is held against the new bound."""
    waiting = AdmissionQueue(3, 100, 100)
    waiting.add(make_call(b"x" * 50))
    waiting.bound(Bound(60), Bound(60))
    with pytest.raises(QueueFull, match=r"RUNTIME_MAX_QUEUE_BYTES \(60\)"):
        waiting.add(make_call(b"x" * 11))
    waiting.add(make_call(b"x" * 10))
    assert len(waiting) == 2
