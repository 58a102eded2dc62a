"""Turn whole arrays of integers into varints and back, without an object for each.

It works through blocks that fit a processor's cache, so that it needs little memory of its own:
what it makes on the way has several times the size of the block.

See: https://protobuf.dev/programming-guides/encoding/#varints
"""

from typing import Iterator, List, Optional

import numpy as np

from serving_runtime.protocols.protobuf import scanning

# So few are read and written one by one more quickly.
_FEW_BYTES = 128
_FEW_VALUES = 32
_BLOCK_BYTES = 1 << 15
_BLOCK_VALUES = 1 << 13
_LONGEST = 10  # bytes of a varint of 64 bits

_LOW_BITS = np.uint8(0x7F)
# Of eight bytes read at once: seven bits of each byte that belongs to a varint of so many bytes.
_SEVEN_BITS = np.array(
    [0x7F7F7F7F7F7F7F7F >> 8 * (8 - min(size, 8)) for size in range(1, _LONGEST + 1)], np.uint64
)
# Of the two bytes after those: seven bits of the ninth and one of the tenth.
_LAST_BITS = np.array([0] * 8 + [0x7F, 0x17F], np.uint16)
# How two neighbouring groups of 7, 14 and 28 bits become one: which stay, which move, how far.
_JOINS = tuple(
    (np.uint64(stay), np.uint64(move), np.uint64(bits))
    for stay, move, bits in (
        (0x007F007F007F007F, 0x7F007F007F007F00, 1),
        (0x00003FFF00003FFF, 0x3FFF00003FFF0000, 2),
        (0x000000000FFFFFFF, 0x0FFFFFFF00000000, 4),
    )
)


def are_short(buffer: memoryview) -> bool:
    """Whether these are few varints, or of one byte each: no other way is quicker for those."""
    return len(buffer) <= _FEW_BYTES or bool(np.frombuffer(buffer, np.uint8).max() < 0x80)


def decode(buffer: memoryview, dtype: "np.dtype[np.generic]") -> Optional[np.ndarray]:
    """Read varints that follow each other; None if these are none, or too odd to read here.

    Args:
        buffer: one varint at least.
        dtype: an integer type, which gets the lowest bits of each, as protobuf does it.
    """
    data = np.frombuffer(buffer, np.uint8)
    is_short = data.size <= _FEW_BYTES
    if (max(bytes(buffer)) if is_short else data.max()) < 0x80:
        return data.astype(dtype)
    if data[-1] >= 0x80:
        return None
    return _decoded_singly(buffer, dtype) if is_short else _decoded_in_blocks(data, dtype)


def encode(values: np.ndarray) -> bytes:
    """Write integers as varints.

    Args:
        values: int[n] or uint[n] of any width; negative ones take ten bytes, as protobuf's do.
    """
    if values.size <= _FEW_VALUES:
        return b"".join([scanning.number(value) for value in values.tolist()])
    if values.max() < 0x80 and values.min() >= 0:
        return values.astype(np.uint8).tobytes()
    starts = range(0, values.size, _BLOCK_VALUES)
    return b"".join([_encoded(values[start : start + _BLOCK_VALUES]) for start in starts])


def _decoded_singly(buffer: memoryview, dtype: "np.dtype[np.generic]") -> Optional[np.ndarray]:
    values: List[int] = []
    at = 0
    try:
        while at < len(buffer):
            value, at = scanning.varint(buffer, at, len(buffer))
            values.append(value)
    except scanning.Unusual:
        return None
    return np.array(values, np.uint64).astype(dtype)


def _decoded_in_blocks(data: np.ndarray, dtype: "np.dtype[np.generic]") -> Optional[np.ndarray]:
    values = np.empty(np.count_nonzero(data < 0x80), dtype)
    filled = 0
    for block in _blocks(data):
        part = _decoded(block)
        if part is None:
            return None
        values[filled : filled + part.size] = part.astype(dtype)
        filled += part.size
    return values


def _blocks(data: np.ndarray) -> Iterator[np.ndarray]:
    """Cut into blocks that end where a varint does; one that is too long stays cut."""
    start = 0
    while start < data.size:
        block = data[start : start + _BLOCK_BYTES]
        ends = np.flatnonzero(block[-_LONGEST:] < 0x80)
        if ends.size:
            block = block[: max(block.size - _LONGEST, 0) + int(ends[-1]) + 1]
        yield block
        start += block.size


def _decoded(block: np.ndarray) -> Optional[np.ndarray]:
    ends = np.flatnonzero(block < 0x80)
    if ends.size == 0:
        return None
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    sizes = ends - starts
    longest = int(sizes.max()) + 1
    # Versions of protobuf differ in what they make of a 65th bit.
    if longest > _LONGEST or (longest == _LONGEST and block[ends[sizes == 9]].max() > 1):
        return None
    padded = np.zeros(block.size + _LONGEST, np.uint8)
    padded[: block.size] = block
    values = np.ndarray((block.size,), "<u8", padded, strides=(1,))[starts]
    values &= _SEVEN_BITS[sizes]
    for stay, move, bits in _JOINS:
        values = (values & stay) | ((values & move) >> bits)
    if longest > 8:
        rest = np.ndarray((block.size,), "<u2", padded, 8, (1,))[starts] & _LAST_BITS[sizes]
        rest = rest.astype(np.uint64)
        values |= (rest & np.uint64(0x7F)) << np.uint64(56)
        values |= (rest & np.uint64(0x100)) << np.uint64(55)
    return values


def _encoded(values: np.ndarray) -> bytes:
    wide = values.astype(np.int64 if values.dtype.kind == "i" else np.uint64).view(np.uint64)
    longest = max(-(-int(wide.max()).bit_length() // 7), 1)
    groups = wide[:, np.newaxis] >> np.arange(0, 7 * longest, 7, dtype=np.uint64)
    goes_on = np.zeros(groups.shape, np.bool_)
    goes_on[:, :-1] = groups[:, 1:] != 0
    exists = np.ones(groups.shape, np.bool_)
    exists[:, 1:] = goes_on[:, :-1]
    varints = (groups.astype(np.uint8) & _LOW_BITS) | (goes_on.astype(np.uint8) << np.uint8(7))
    encoded: bytes = varints[exists].tobytes()
    return encoded
