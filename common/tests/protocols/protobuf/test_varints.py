import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf import varints

INT64 = np.dtype(np.int64)
FIELDS = {"int_val": np.int32, "int64_val": np.int64, "uint32_val": np.uint32,
          "uint64_val": np.uint64}  # fmt: skip


def drawn(dtype, count):
    """Draw integers of which each length on the wire has as many."""
    chance = random.Random(count)
    limits = np.iinfo(dtype)
    bits = [chance.randrange(1, 65) for _ in range(count)]
    values = [chance.randrange(-(2**size), 2**size) for size in bits]
    return np.array([min(max(value, limits.min), limits.max) for value in values], dtype)


def by_protobuf(field, values):
    """Return the packed values alone, without tag and length."""
    message = hs.TensorProto(**{field: values.tolist()}).SerializeToString()
    head = hs.TensorProto(**{field: [0] * 127}).SerializeToString()[:-128]
    at = len(head)
    while message[at] & 0x80:
        at += 1
    return message[at + 1 :]


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 8192, 8193, 40000])
def test_integers_are_written_and_read_as_protobuf_does(field, count):
    """In few and many, across the blocks that both work in."""
    values = drawn(FIELDS[field], count)
    written = varints.encode(values)
    assert written == by_protobuf(field, values)
    again = varints.decode(memoryview(written), np.dtype(FIELDS[field]))
    assert again.dtype == FIELDS[field]
    np.testing.assert_array_equal(again, values)


@pytest.mark.parametrize("value", [-1, 0, 127, 128, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("count", [1, 32, 33, 9000])
def test_equal_integers_are_written_and_read(value, count):
    """Values of one length, at the limits of the lengths."""
    values = np.full(count, value, np.int64)
    written = varints.encode(values)
    assert written == by_protobuf("int64_val", values)
    np.testing.assert_array_equal(varints.decode(memoryview(written), INT64), values)


def test_nothing_is_written_for_nothing():
    """An empty field has no bytes."""
    assert varints.encode(np.empty(0, np.int32)) == b""


@pytest.mark.parametrize("before", [b"", b"\1" * 200, b"\xff\1" * 20000])
@pytest.mark.parametrize(
    "bad",
    [
        b"\x80",  # cut short
        b"\x80" * 10 + b"\1",  # eleven bytes
        b"\xff" * 9 + b"\2",  # a 65th bit
        b"\xff" * 9 + b"\x80",
        b"\x80" * 40000 + b"\1",
    ],
)
def test_what_is_no_varint_is_left_to_protobuf(before, bad):
    """Alone, after others, and in a later block."""
    assert varints.decode(memoryview(before + bad), INT64) is None


@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize("longer", [b"\x81\x00", b"\x81\x80\x00", b"\x81" + b"\x80" * 8 + b"\x00"])
def test_longer_varints_than_need_be_have_the_same_value(count, longer):
    """Where they are read at all; a few of them protobuf reads."""
    values = varints.decode(memoryview(longer * count), INT64)
    assert values is None or values.tolist() == [1] * count


def test_only_the_lowest_bits_count():
    """A 32-bit field takes the lowest 32 bits of a longer number, as in protobuf."""
    wide = np.array([2**32 + 5, -1, 2**31] * 1000, np.int64)
    written = varints.encode(wide)
    narrow = varints.decode(memoryview(written), np.dtype(np.int32))
    message = hs.TensorProto.FromString(
        b"\x3a" + varints.encode(np.array([len(written)])) + written
    )
    assert narrow.tolist() == list(message.int_val)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 200))
def test_any_bytes_are_read_as_protobuf_reads_them_or_not_at_all(data, repeats):
    """Where these are varints, protobuf has the same values."""
    data = data * (repeats + 1)
    values = varints.decode(memoryview(data), INT64)
    if values is not None:
        size = varints.encode(np.array([len(data)]))
        assert values.tolist() == list(hs.TensorProto.FromString(b"\x52" + size + data).int64_val)


def test_short_varints_are_told():
    """Few ones, and those of one byte; for the others there may be a quicker way."""
    assert varints.are_short(memoryview(varints.encode(np.full(10, -1))))
    assert varints.are_short(memoryview(varints.encode(np.full(100000, 100))))
    assert not varints.are_short(memoryview(varints.encode(np.full(100000, 300))))
