"""Undo the compression of pages: Snappy, which is Spark's own choice, or gzip."""

import zlib
from typing import Callable, Dict, Tuple

from spark_runtime.parquet.errors import ParquetError
from spark_runtime.parquet.thrift import Thrift

_NAMES = {3: "LZO", 4: "Brotli", 5: "LZ4", 6: "Zstandard", 7: "LZ4"}


def decompress(content: bytes, codec: int) -> bytes:
    """Return what was compressed.

    Args:
        content: of a page.
        codec: Parquet's number of the compression.

    Raises:
        ParquetError: it is one that is not read here.
    """
    if codec not in _CODECS:
        name = _NAMES.get(codec, f"an unknown codec, {codec}")
        raise ParquetError(
            f"it is compressed with {name}; expected Snappy, which is Spark's default, gzip or none"
        )
    return _CODECS[codec](content)


def _gunzip(content: bytes) -> bytes:
    return zlib.decompress(content, zlib.MAX_WBITS | 16)


def _unsnappy(content: bytes) -> bytes:
    """Undo Snappy.

    See: https://github.com/google/snappy/blob/main/format_description.txt
    """
    head = Thrift(content)
    size, at = head.varint(), head.at
    found = bytearray()
    while at < len(content):
        tag = content[at]
        at += 1
        if tag & 3 == 0:
            at, length = _literal_size(content, at, tag >> 2)
            found += content[at : at + length]
            at += length
        else:
            at, length, offset = _copy(content, at, tag)
            _repeat(found, length, offset)
    if len(found) != size:
        raise ParquetError(f"a page of {size} bytes has {len(found)} after its decompression")
    return bytes(found)


def _literal_size(content: bytes, at: int, short: int) -> Tuple[int, int]:
    if short < 60:
        return at, short + 1
    width = short - 59
    return at + width, int.from_bytes(content[at : at + width], "little") + 1


def _copy(content: bytes, at: int, tag: int) -> Tuple[int, int, int]:
    if tag & 3 == 1:
        return at + 1, (tag >> 2 & 7) + 4, (tag >> 5) << 8 | content[at]
    width = 2 if tag & 3 == 2 else 4
    return at + width, (tag >> 2) + 1, int.from_bytes(content[at : at + width], "little")


def _repeat(found: bytearray, length: int, offset: int) -> None:
    """Append what was ``offset`` bytes ago; it may reach into what is being appended."""
    if not 0 < offset <= len(found):
        raise ParquetError("a page is damaged: it repeats what is not there")
    start = len(found) - offset
    piece = bytes(found[start : start + length])
    times = -(-length // len(piece))
    found += (piece * times)[:length]


_CODECS: Dict[int, Callable[[bytes], bytes]] = {0: bytes, 1: _unsnappy, 2: _gunzip}
