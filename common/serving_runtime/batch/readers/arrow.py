"""Read Arrow's own files and streams: a part is some record batches."""

from typing import Any, Iterator, List, Sequence

import pyarrow as pa

from serving_runtime.batch.parts import Part
from serving_runtime.batch.readers.table import Table, check_same, packed, packed_rows, reading
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
            for group in _grouped(_cut(_batches(path), columns)):
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


def _cut(found: Iterator[Any], columns: Sequence[str]) -> Iterator[Any]:
    """Return the wanted columns of batches, large ones in pieces."""
    for batch in found:
        wanted = batch.select(list(columns))
        step = packed_rows(wanted.num_rows, wanted.nbytes)
        for start in range(0, max(wanted.num_rows, 1), step):
            yield wanted.slice(start, step)


def _grouped(found: Iterator[Any]) -> Iterator[List[Any]]:
    group: List[Any] = []
    rows = size = 0
    for batch in found:
        if group and rows + batch.num_rows > packed_rows(rows, size):
            yield group
            group, rows, size = [], 0, 0
        group.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if group:
        yield group
