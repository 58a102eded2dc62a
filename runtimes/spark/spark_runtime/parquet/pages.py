"""Read a column's pages: its values, and the levels that show where they belong."""

import struct
from typing import Any, List, NamedTuple, Tuple

import numpy as np

from spark_runtime.parquet.compression import decompress
from spark_runtime.parquet.encodings import hybrid, plain
from spark_runtime.parquet.errors import ParquetError
from spark_runtime.parquet.schema import Node
from spark_runtime.parquet.thrift import Struct, Thrift

_PLAIN, _DICTIONARIES = 0, (2, 8)
_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3


class Values(NamedTuple):
    """A column: for each entry its two levels, and the values of those that have one."""

    repetitions: List[int]
    definitions: List[int]
    values: List[Any]


class _Page(NamedTuple):
    """A data page, decompressed: how many entries there are, how they are written, and where."""

    content: bytes
    entries: int
    encoding: int
    repetitions: np.ndarray
    definitions: np.ndarray
    at: int


def read_column(content: bytes, chunk: Struct, leaf: Node) -> Values:
    """Read one column of a row group.

    Args:
        content: of the whole file.
        chunk: its ColumnMetaData.
        leaf: the column in the schema.
    """
    physical, codec, left = chunk[1], chunk[4], chunk[5]
    at = min(chunk.get(11, chunk[9]), chunk[9])
    found = Values([], [], [])
    dictionary: List[Any] = []
    while left > 0:
        head = Thrift(content, at)
        header = head.struct()
        if header[3] < 0:
            raise ParquetError("a page is damaged: its size is below zero")
        at = head.at + header[3]
        body = content[head.at : at]
        if header[1] == _DICTIONARY_PAGE:
            dictionary = plain(decompress(body, codec), 0, physical, header[7][1])
            continue
        page = _page(body, header, codec, leaf)
        left -= page.entries
        found.repetitions.extend(page.repetitions.tolist())
        found.definitions.extend(page.definitions.tolist())
        found.values.extend(_values(page, physical, dictionary, leaf))
    return found._replace(values=_texts(found.values)) if leaf.is_text else found


def _page(body: bytes, header: Struct, codec: int, leaf: Node) -> _Page:
    if header[1] == _DATA_PAGE:
        return _page_v1(decompress(body, codec), header[5], leaf)
    if header[1] == _DATA_PAGE_V2:
        return _page_v2(body, header[8], codec, leaf)
    raise ParquetError(f"it has a page of the unknown kind {header[1]}")


def _page_v1(content: bytes, described: Struct, leaf: Node) -> _Page:
    count = described[1]
    repetitions, at = _levels(content, 0, leaf.repetition, count)
    definitions, at = _levels(content, at, leaf.definition, count)
    return _Page(content, count, described[2], repetitions, definitions, at)


def _levels(content: bytes, at: int, highest: int, count: int) -> Tuple[np.ndarray, int]:
    if not highest:
        return np.zeros(count, np.int64), at
    (size,) = struct.unpack_from("<i", content, at)
    levels, _ = hybrid(content, at + 4, highest.bit_length(), count)
    return levels, at + 4 + size


def _page_v2(body: bytes, described: Struct, codec: int, leaf: Node) -> _Page:
    """Read a page of the second version, whose levels are not compressed."""
    count, definition_bytes, repetition_bytes = described[1], described[5], described[6]
    start = repetition_bytes + definition_bytes
    repetitions, _ = hybrid(body, 0, leaf.repetition.bit_length(), count)
    definitions, _ = hybrid(body, repetition_bytes, leaf.definition.bit_length(), count)
    rest = decompress(body[start:], codec) if described.get(7, True) else body[start:]
    return _Page(rest, count, described[4], repetitions, definitions, 0)


def _values(page: _Page, physical: int, dictionary: List[Any], leaf: Node) -> List[Any]:
    count = int((page.definitions == leaf.definition).sum())
    if page.encoding == _PLAIN:
        return plain(page.content, page.at, physical, count)
    if page.encoding not in _DICTIONARIES:
        raise ParquetError(
            f"its values have the encoding {page.encoding}; expected plain ones or a dictionary, "
            "as Spark writes them unless parquet.writer.version is set"
        )
    if not count:
        return []
    width = page.content[page.at]
    indices, _ = hybrid(page.content, page.at + 1, width, count)
    return [dictionary[index] for index in indices.tolist()]


def _texts(values: List[bytes]) -> List[str]:
    return [value.decode("utf-8") for value in values]
