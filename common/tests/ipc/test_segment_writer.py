import pytest

from serving_runtime.ipc import memfd, segment_writer
from serving_runtime.ipc.segment_writer import SegmentWriter

LARGE = bytes(segment_writer.THRESHOLD_BYTES)


@pytest.fixture
def refused(monkeypatch):
    """Return a list of the sizes for which there was no memory."""
    sizes = []

    def create(size):
        sizes.append(size)
        raise OSError("no memory")

    monkeypatch.setattr(memfd, "create", create)
    return sizes


def test_room_is_made_before_memory_is_taken(refused):
    """Once for each segment, and for no payload that needs none."""
    taken_before = []
    writer = SegmentWriter(make_room=lambda: taken_before.append(len(refused)))
    writer.place(LARGE[:10])
    assert taken_before == []
    writer.place(LARGE)
    assert taken_before == [0]
    assert len(refused) == 1


def test_small_payloads_go_through_the_socket():
    """For them it is quicker, and no memory is taken."""
    writer = SegmentWriter()
    assert writer.place(LARGE[:-1]) is None
    assert writer.control_frames() == []


def test_without_memory_payloads_go_through_the_socket(refused):
    """It is tried again with the next one: there may be some by then."""
    writer = SegmentWriter()
    assert writer.place(LARGE) is None
    assert writer.place(LARGE) is None
    assert writer.control_frames() == []
    assert len(refused) == 2
