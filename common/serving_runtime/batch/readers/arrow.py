"""Read Arrow's own files and streams: a part is some record batches."""

from typing import Any, Iterator, List, Sequence

import pyarrow as pa

from serving_runtime.batch.parts import Part
from serving_runtime.batch.readers.table import PART_ROWS, Table, check_same, packed, reading
from serving_runtime.signature import Signature

WHAT = "an Arrow file or stream"
_MAGIC = b"ARROW1"


class ArrowTable(Table):
    """Files of Arrow's, which are read here, in order."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        for path in paths:
            with reading(path, WHAT), _opened(path) as source:
                schema = _reader(path, source).schema
            if path == paths[0]:
                self.schema = schema
            check_same(path, paths[0], schema, self.schema)

    def parts(self, columns: Sequence[str]) -> Iterator[Part]:
        """Return record batches, small ones together."""
        number = 0
        for path in self._paths:
            row = 0
            for group in _grouped(_batches(path), columns):
                yield Part(number, path, row, packed(group))
                row += sum(batch.num_rows for batch in group)
                number += 1


def open_table(paths: Sequence[str], signature: Signature) -> Table:
    """Return the data set of some files."""
    return ArrowTable(paths)


def batches(part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Raise: parts have their rows with them."""
    raise NotImplementedError


def _opened(path: str) -> Any:
    return pa.OSFile(path, "rb")


def _reader(path: str, source: Any) -> Any:
    is_file = source.read(len(_MAGIC)) == _MAGIC
    source.seek(0)
    return pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)


def _batches(path: str) -> Iterator[Any]:
    with reading(path, WHAT), _opened(path) as source:
        reader = _reader(path, source)
        if hasattr(reader, "num_record_batches"):
            for at in range(reader.num_record_batches):
                yield reader.get_batch(at)
        else:
            yield from reader


def _grouped(found: Iterator[Any], columns: Sequence[str]) -> Iterator[List[Any]]:
    group: List[Any] = []
    rows = 0
    for batch in found:
        if group and rows + batch.num_rows > PART_ROWS // 4:
            yield group
            group, rows = [], 0
        group.append(batch.select(list(columns)))
        rows += batch.num_rows
    if group:
        yield group
