"""Read a whole file as records."""

import struct
import zlib
from pathlib import Path
from typing import Any, Dict, List

from spark_runtime.parquet.errors import ParquetError
from spark_runtime.parquet.pages import read_column
from spark_runtime.parquet.records import assemble
from spark_runtime.parquet.schema import Node, read_schema
from spark_runtime.parquet.thrift import Struct, Thrift

_MAGIC = b"PAR1"
_DAMAGE = (
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    StopIteration,
    RecursionError,
    struct.error,
    zlib.error,
)


def read_rows(path: Path) -> List[Dict[str, Any]]:
    """Return the records of a Parquet file.

    Raises:
        ParquetError: it is no whole Parquet file, or has what is not read here.
        OSError: it cannot be read at all.
    """
    content = path.read_bytes()
    try:
        footer = _footer(content)
        root = read_schema(footer[2])
        groups = (_group(content, root, group) for group in footer[4])
        return [row for rows in groups for row in rows]
    except _DAMAGE as error:
        raise ParquetError(f"it is damaged: {type(error).__name__}: {error}") from error


def _footer(content: bytes) -> Struct:
    if content[:4] != _MAGIC:
        raise ParquetError(f"it is no Parquet file: it begins with {content[:4]!r}")
    if content[-4:] != _MAGIC or len(content) < 12:
        raise ParquetError("it is not whole: its end is missing")
    (size,) = struct.unpack_from("<i", content, len(content) - 8)
    return Thrift(content, len(content) - 8 - size).struct()


def _group(content: bytes, root: Node, group: Struct) -> List[Dict[str, Any]]:
    chunks = {tuple(part.decode("utf-8") for part in chunk[3][3]): chunk[3] for chunk in group[1]}
    columns = {leaf: read_column(content, chunks[path], leaf) for path, leaf in root.leaves()}
    return list(assemble(root, columns, group[3]))
