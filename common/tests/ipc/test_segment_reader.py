import os

import pytest

from serving_runtime.ipc import frames, memfd
from serving_runtime.ipc.segment_reader import SegmentReader
from serving_runtime.ipc.segment_writer import DROPPED_FORMAT, FREED_FORMAT, OFFER_FORMAT, PLACE

SIZE = 1 << 16


@pytest.fixture
def memory():
    """Yield memory that another process may have made, and its offer as segment 7."""
    file, memory = memfd.create(SIZE)
    with file:
        yield memory, OFFER_FORMAT.pack(7, SIZE, os.getpid(), file.fileno())


@pytest.fixture
def reader():
    """Yield a reader whose payloads of one operation should begin at the fifth byte."""
    reader = SegmentReader(lambda operation, length: 5 if (operation, length) == ("a.b", 3) else 0)
    yield reader
    reader.close()


def test_segment_is_free_once_its_payload_is_not_needed(memory, reader):
    """The next one of that operation and length should begin where its arrays are aligned."""
    ours, offer = memory
    reader.accept(offer)
    assert reader.control_frames() == [frames.pack(frames.FREED, FREED_FORMAT.pack(7, 0))]
    ours[10:13] = b"abc"
    view = reader.view(PLACE.pack(7, 10, 3), "a.b")
    assert bytes(view) == b"abc"
    assert reader.control_frames() == []
    del view
    assert reader.control_frames() == [frames.pack(frames.FREED, FREED_FORMAT.pack(7, 5))]


def test_segment_that_cannot_be_mapped_is_never_said_to_be_free(reader):
    """So nothing is ever written there."""
    reader.accept(OFFER_FORMAT.pack(7, SIZE, 2**22 + 1, 3))
    assert reader.control_frames() == []


def test_dropped_segment_has_no_places_any_more(memory, reader):
    """What names one is a garbled frame."""
    _, offer = memory
    reader.accept(offer)
    assert reader.copy(PLACE.pack(7, 0, 1)) == b"\0"
    reader.forget(DROPPED_FORMAT.pack(7))
    with pytest.raises(frames.GarbledError, match="no place"):
        reader.copy(PLACE.pack(7, 0, 1))
