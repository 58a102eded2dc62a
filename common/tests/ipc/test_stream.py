import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.ipc import frames, stream
from serving_runtime.ipc.frames import GarbledError
from serving_runtime.ipc.stream import Splitter

MAX_BYTES = 1 << 20
KINDS = st.sampled_from([frames.BATCH, frames.CALL, frames.CLOSE, frames.READY, frames.REPLY])
FRAMES = st.lists(st.tuples(KINDS, st.binary(max_size=50)), max_size=6)


def split(pieces):
    """Return the frames of a stream that arrives in these pieces."""
    splitter = Splitter(MAX_BYTES)
    return [frame for piece in pieces for frame in splitter.split(piece)]


def cut(data, points):
    """Cut a stream at some points, in any order and beyond its end."""
    ends = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[start:end] for start, end in zip(ends, ends[1:])]


@given(FRAMES, st.lists(st.integers(0, 10**6), max_size=10))
def test_any_split_of_the_stream_gives_the_same_frames(wanted, points):
    """However the socket cuts the bytes, the frames come out whole and in order."""
    data = b"".join(frames.pack(kind, body) for kind, body in wanted)
    assert split(cut(data, points)) == wanted


@given(FRAMES)
def test_single_bytes_give_the_same_frames(wanted):
    """A header that arrives in two pieces is no frame yet."""
    data = b"".join(frames.pack(kind, body) for kind, body in wanted)
    assert split([data[index : index + 1] for index in range(len(data))]) == wanted


def test_unfinished_frame_is_none():
    """What has not arrived in full is not handed out, not even an empty stream."""
    splitter = Splitter(MAX_BYTES)
    assert splitter.split(b"") == []
    assert splitter.split(frames.pack(frames.READY, b"body")[:-1]) == []
    assert splitter.split(b"y") == [(frames.READY, b"body")]


def test_frame_that_says_it_is_longer_than_any_is_an_error():
    """Something else wrote to the socket; the front must not wait for so many bytes."""
    splitter = Splitter(MAX_BYTES)
    splitter.split(frames.HEADER.pack(MAX_BYTES, frames.REPLY))
    with pytest.raises(GarbledError, match="bytes, more than"):
        Splitter(MAX_BYTES).split(frames.HEADER.pack(MAX_BYTES + 1, frames.REPLY))


@given(st.lists(st.sampled_from([b"", b"small", b"L" * stream.JOINED_BYTES]), max_size=8))
def test_joined_parts_are_the_same_bytes_and_large_ones_the_same_objects(parts):
    """Few system calls, and no copy of what is large."""
    pieces = stream.joined(parts)
    assert b"".join(pieces) == b"".join(parts)
    large = [part for part in parts if len(part) == stream.JOINED_BYTES]
    assert [piece for piece in pieces if len(piece) >= stream.JOINED_BYTES] == large
    assert all(any(piece is part for piece in pieces) for part in large)
