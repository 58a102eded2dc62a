"""Read the values of pages: plain ones, and those in the hybrid of runs and packed bits.

See: https://github.com/apache/parquet-format/blob/master/Encodings.md
"""

import struct
from typing import Any, List, Tuple

import numpy as np

from spark_runtime.parquet.errors import ParquetError
from spark_runtime.parquet.thrift import Thrift

BOOLEAN, BYTES = 0, 6
_NUMBERS = {1: "<i4", 2: "<i8", 4: "<f4", 5: "<f8"}


def plain(content: bytes, at: int, physical: int, count: int) -> List[Any]:
    """Read values that stand one after the other.

    Args:
        content: of a page.
        at: where the first value is.
        physical: Parquet's number of their type.
        count: how many there are.
    """
    if physical == BOOLEAN:
        return [bool(bit) for bit in _bits(content, at, (count + 7) // 8)[:count]]
    if physical in _NUMBERS:
        found: List[Any] = np.frombuffer(content, _NUMBERS[physical], count, at).tolist()
        return found
    if physical == BYTES:
        return _byte_strings(content, at, count)
    raise ParquetError(f"it has values of the type {physical}, which Spark's models do not have")


def hybrid(content: bytes, at: int, width: int, count: int) -> Tuple[np.ndarray, int]:
    """Read small integers in runs of equal ones and in packed bits.

    Args:
        content: of a page.
        at: where they begin.
        width: bits of each.
        count: how many are wanted; packed ones are always a multiple of eight.

    Returns:
        They, and where the next byte is.
    """
    found = np.zeros(count, np.int64)
    filled = 0
    head = Thrift(content, at)
    while filled < count and width:
        run = head.varint()
        size = (run >> 1) * 8 if run & 1 else run >> 1
        values: Any
        if run & 1:
            values = _packed(content, head.at, width, size)
            head.at += size // 8 * width
        else:
            end = head.at + (width + 7) // 8
            values = int.from_bytes(content[head.at : end], "little")
            head.at = end
        size = min(size, count - filled)
        found[filled : filled + size] = values[:size] if run & 1 else values
        filled += size
    return found, head.at


def _packed(content: bytes, at: int, width: int, count: int) -> np.ndarray:
    bits = _bits(content, at, count // 8 * width).reshape(count, width)
    return bits.astype(np.int64) @ (1 << np.arange(width, dtype=np.int64))


def _bits(content: bytes, at: int, size: int) -> np.ndarray:
    """Return the bits of ``size`` bytes, the lowest of each first."""
    octets = np.frombuffer(content, np.uint8, size, at)
    return np.unpackbits(octets[:, None], axis=1)[:, ::-1].reshape(-1)


def _byte_strings(content: bytes, at: int, count: int) -> List[bytes]:
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from("<i", content, at)
        at += 4 + size
        found.append(content[at - size : at])
    return found
