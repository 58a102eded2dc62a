import gc
import os

import pytest

from serving_runtime.ipc import frames, memfd, segment_writer
from serving_runtime.ipc.frames import HEADER, GarbledError
from serving_runtime.ipc.shared_payloads import SharedPayloads

LARGE = bytes(range(256)) * (segment_writer.THRESHOLD_BYTES // 256)


def tell(sender, receiver):
    """Pass on what one end has to tell the other; returns the kinds of frames."""
    kinds = []
    for note in sender.notes():
        kinds.append(HEADER.unpack_from(note)[1])
        receiver.take(kinds[-1], note[HEADER.size :])
    return kinds


def offered(sender, receiver, payload):
    """Send a payload that goes through the socket yet, so that the next one need not."""
    assert sender.place(payload) is None
    assert tell(sender, receiver) == [frames.OFFER]
    assert tell(receiver, sender) == [frames.FREED]


@pytest.fixture
def ends():
    """Give two ends, of which the second reads floats at the third byte."""
    both = SharedPayloads(), SharedPayloads(lambda length: 61)
    yield both
    for end in both:
        end.close()


@pytest.fixture
def refused(monkeypatch):
    """Give a list of the sizes for which there was no memory."""
    sizes = []

    def create(size):
        sizes.append(size)
        raise OSError("no memory")

    monkeypatch.setattr(memfd, "create", create)
    return sizes


def test_large_payloads_are_read_where_they_were_written(ends):
    """From the second one on only the place goes through the socket."""
    front, worker = ends
    offered(front, worker, LARGE)
    place = front.place(LARGE)
    assert len(place) < 100
    assert worker.view(place) == LARGE


def test_room_is_made_before_memory_is_taken(refused):
    """Once for each segment, and for no payload that needs none."""
    taken_before = []
    end = SharedPayloads(make_room=lambda: taken_before.append(len(refused)))
    end.place(LARGE[:10])
    assert taken_before == []
    end.place(LARGE)
    assert taken_before == [0]
    assert len(refused) == 1


def test_replies_are_copied_and_their_segments_free_at_once(ends):
    """The front hands bytes to grpc, which copies them once more."""
    front, worker = ends
    offered(worker, front, LARGE)
    for _ in range(3):
        payload = front.copy(worker.place(LARGE))
        assert payload == LARGE
        assert isinstance(payload, bytes)
        assert tell(front, worker) == [frames.FREED]


def test_small_payloads_go_through_the_socket(ends):
    """For them it is quicker, and no memory is taken."""
    front, _ = ends
    assert front.place(LARGE[:-1]) is None
    assert front.notes() == []


def test_segments_are_used_again_when_nothing_refers_to_the_payload(ends):
    """An array that a model keeps is never written over; when it goes, its segment serves again."""
    front, worker = ends
    offered(front, worker, LARGE)
    kept = worker.view(front.place(LARGE))[5:10]
    assert tell(worker, front) == []
    offered(front, worker, b"z" * len(LARGE))
    other = worker.view(front.place(b"z" * len(LARGE)))
    assert kept == LARGE[5:10]
    del other
    gc.collect()
    assert tell(worker, front) == [frames.FREED]
    del kept
    gc.collect()
    assert tell(worker, front) == [frames.FREED]


def test_payloads_are_writable_and_changes_reach_no_other(ends):
    """A model may change its input in place: the next payload there is whole again."""
    front, worker = ends
    offered(front, worker, LARGE)
    view = worker.view(front.place(LARGE))
    view[:] = bytes(len(view))
    del view
    gc.collect()
    tell(worker, front)
    assert worker.view(front.place(LARGE)) == LARGE


def test_payloads_begin_where_the_reader_wants_them(ends):
    """Then the arrays in them are aligned."""
    front, worker = ends
    offered(front, worker, LARGE)
    _, offset, length = segment_writer.PLACE.unpack(front.place(LARGE))
    assert (offset, length) == (61, len(LARGE))


def test_an_end_that_cannot_map_is_offered_one_segment_only(ends, monkeypatch):
    """It says nothing, everything goes through the socket, and no more memory is spent."""
    front, worker = ends
    monkeypatch.setattr(segment_writer.os, "getpid", lambda: 2**22 + 1)  # larger than any there is
    assert front.place(LARGE) is None
    assert tell(front, worker) == [frames.OFFER]
    assert tell(worker, front) == []
    assert front.place(LARGE) is None
    assert front.notes() == []


def test_without_memory_payloads_go_through_the_socket(ends, refused):
    """It is tried again with the next one: there may be some by then."""
    front, _ = ends
    assert front.place(LARGE) is None
    assert front.place(LARGE) is None
    assert front.notes() == []
    assert len(refused) == 2


def test_what_an_end_takes_is_bounded(ends, monkeypatch):
    """A model that keeps all of its inputs gets the further ones through the socket."""
    front, worker = ends
    monkeypatch.setattr(segment_writer, "MAX_SEGMENTS", 2)
    kept = []
    for _ in range(2):
        offered(front, worker, LARGE)
        kept.append(worker.view(front.place(LARGE)))
    assert front.place(LARGE) is None
    assert front.notes() == []


def test_idle_segments_make_room_for_larger_ones(ends, monkeypatch):
    """Both ends give them back."""
    front, worker = ends
    monkeypatch.setattr(segment_writer, "MAX_BYTES", 5 * len(LARGE))
    before = len(os.listdir("/proc/self/fd"))
    offered(front, worker, LARGE)
    offered(worker, front, LARGE)
    assert front.place(4 * LARGE) is None
    assert tell(front, worker) == [frames.DROPPED, frames.OFFER]
    assert tell(worker, front) == [frames.FREED]
    assert worker.view(front.place(4 * LARGE)) == 4 * LARGE
    front.close()
    worker.close()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_segments_that_stay_idle_are_given_back(ends, monkeypatch):
    """One large request does not hold memory for ever."""
    front, worker = ends
    offered(front, worker, LARGE)
    assert front.notes() == []
    monkeypatch.setattr(segment_writer, "IDLE_SECONDS", -1.0)
    assert tell(front, worker) == [frames.DROPPED]
    assert front.place(LARGE) is None


def test_payloads_outlive_the_connection(ends):
    """A model's thread may hold an input while the service shuts down."""
    front, worker = ends
    offered(front, worker, LARGE)
    view = worker.view(front.place(LARGE))
    front.close()
    worker.close()
    assert view == LARGE


@pytest.mark.parametrize("place", [(9, 0, 1), (0, 2**30, 8), (0, 8, 2**30), (0, 2 * len(LARGE), 1)])
def test_places_outside_of_a_segment_are_refused(ends, place):
    """What a garbled frame names is an error, never somebody else's memory."""
    front, worker = ends
    offered(front, worker, LARGE)
    for read in (worker.view, worker.copy):
        with pytest.raises(GarbledError):
            read(segment_writer.PLACE.pack(*place))
