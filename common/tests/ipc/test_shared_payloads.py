import gc
import os

import pytest

from serving_runtime.ipc import frames, segment_writer
from serving_runtime.ipc.frames import HEADER, GarbledError
from serving_runtime.ipc.shared_payloads import SharedPayloads

# The operation whose payloads are sent, unless a test says otherwise.
KEY = "protocol.operation"
OFFSETS = {KEY: 61, "other.operation": 5}
LARGE = bytes(range(256)) * (segment_writer.THRESHOLD_BYTES // 256)


def tell(sender, receiver):
    """Pass on what one end has to tell the other; returns the kinds of frames."""
    kinds = []
    for frame in sender.control_frames():
        kinds.append(HEADER.unpack_from(frame)[1])
        receiver.on_control_frame(kinds[-1], frame[HEADER.size :])
    return kinds


def offered(sender, receiver, payload):
    """Send a payload that goes through the socket yet, so that the next one need not."""
    assert sender.place(payload) is None
    assert tell(sender, receiver) == [frames.OFFER]
    assert tell(receiver, sender) == [frames.FREED]


@pytest.fixture
def ends():
    """Yield two ends, of which the second reads floats at the third byte."""
    both = SharedPayloads(), SharedPayloads(lambda operation, length: OFFSETS.get(operation, 0))
    yield both
    for end in both:
        end.close()


def test_large_payloads_are_read_where_they_were_written(ends):
    """From the second one on only the place goes through the socket."""
    front, worker = ends
    offered(front, worker, LARGE)
    place = front.place(LARGE)
    assert len(place) < 100
    assert worker.view(place, KEY) == LARGE


def test_replies_are_copied_and_their_segments_free_at_once(ends):
    """The front hands bytes to grpc, which copies them once more."""
    front, worker = ends
    offered(worker, front, LARGE)
    for _ in range(3):
        payload = front.copy(worker.place(LARGE))
        assert payload == LARGE
        assert isinstance(payload, bytes)
        assert tell(front, worker) == [frames.FREED]


def test_segments_are_used_again_when_nothing_refers_to_the_payload(ends):
    """An array that a model keeps is never written over; when it goes, its segment serves again."""
    front, worker = ends
    offered(front, worker, LARGE)
    kept = worker.view(front.place(LARGE), KEY)[5:10]
    assert tell(worker, front) == []
    offered(front, worker, b"z" * len(LARGE))
    other = worker.view(front.place(b"z" * len(LARGE)), KEY)
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
    view = worker.view(front.place(LARGE), KEY)
    view[:] = bytes(len(view))
    del view
    gc.collect()
    tell(worker, front)
    assert worker.view(front.place(LARGE), KEY) == LARGE


def test_payloads_begin_where_the_reader_wants_them(ends):
    """As it wants it for the operation of the last one there: then its arrays are aligned."""
    front, worker = ends
    offered(front, worker, LARGE)
    for operation, expected in (KEY, 0), ("other.operation", 61), ("unknown", 5), (KEY, 0):
        place = front.place(LARGE)
        _, offset, length = segment_writer.PLACE.unpack(place)
        assert (offset, length) == (expected, len(LARGE))
        worker.view(place, operation)
        gc.collect()
        tell(worker, front)


def test_an_end_that_cannot_map_is_offered_one_segment_only(ends, monkeypatch):
    """It says nothing, everything goes through the socket, and no more memory is spent."""
    front, worker = ends
    monkeypatch.setattr(segment_writer.os, "getpid", lambda: 2**22 + 1)  # larger than any there is
    assert front.place(LARGE) is None
    assert tell(front, worker) == [frames.OFFER]
    assert tell(worker, front) == []
    assert front.place(LARGE) is None
    assert front.control_frames() == []


def test_what_an_end_takes_is_bounded(ends, monkeypatch):
    """A model that keeps all of its inputs gets the further ones through the socket."""
    front, worker = ends
    monkeypatch.setattr(segment_writer, "MAX_SEGMENTS", 2)
    kept = []
    for _ in range(2):
        offered(front, worker, LARGE)
        kept.append(worker.view(front.place(LARGE), KEY))
    assert front.place(LARGE) is None
    assert front.control_frames() == []


def test_idle_segments_make_room_for_larger_ones(ends):
    """Both ends give them back."""
    front, worker = ends
    for end in ends:
        end.bound(5 * len(LARGE))
    before = len(os.listdir("/proc/self/fd"))
    offered(front, worker, LARGE)
    offered(worker, front, LARGE)
    assert front.place(4 * LARGE) is None
    assert tell(front, worker) == [frames.DROPPED, frames.OFFER]
    assert tell(worker, front) == [frames.FREED]
    assert worker.view(front.place(4 * LARGE), KEY) == 4 * LARGE
    front.close()
    worker.close()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_segments_that_stay_idle_are_given_back(ends, monkeypatch):
    """One large request does not hold memory for ever."""
    front, worker = ends
    offered(front, worker, LARGE)
    assert front.control_frames() == []
    monkeypatch.setattr(segment_writer, "IDLE_SECONDS", -1.0)
    assert tell(front, worker) == [frames.DROPPED]
    assert front.place(LARGE) is None


def test_payloads_outlive_the_connection(ends):
    """A model's thread may hold an input while the service shuts down."""
    front, worker = ends
    offered(front, worker, LARGE)
    view = worker.view(front.place(LARGE), KEY)
    front.close()
    worker.close()
    assert view == LARGE


@pytest.mark.parametrize("place", [(9, 0, 1), (0, 2**30, 8), (0, 8, 2**30), (0, 2 * len(LARGE), 1)])
def test_places_outside_of_a_segment_are_refused(ends, place):
    """What a garbled frame names is an error, never somebody else's memory."""
    front, worker = ends
    offered(front, worker, LARGE)
    with pytest.raises(GarbledError):
        worker.view(segment_writer.PLACE.pack(*place), KEY)
    with pytest.raises(GarbledError):
        worker.copy(segment_writer.PLACE.pack(*place))
