"""Read Parquet: a part is one row group, or several small ones; who scores it opens it.

A file of few large ones, as small files are, is read here, and cut.
"""

from typing import Any, Iterator, List, Sequence, Tuple

import pyarrow.parquet as pq

from serving_runtime.batch.parts import Part
from serving_runtime.batch.readers.table import (
    Table,
    check_same,
    packed,
    packed_rows,
    part_rows,
    reading,
)
from serving_runtime.signature import Signature

WHAT = "Parquet"
_FEW = 8  # row groups


class ParquetTable(Table):
    """Files of Parquet, of which only the footers are read."""

    rows: int

    def __init__(self, paths: Sequence[str]) -> None:
        self._sizes: List[Tuple[str, List[int]]] = []
        for path in paths:
            with reading(path, WHAT), pq.ParquetFile(path) as file:
                if not self._sizes:
                    self.schema = file.schema_arrow
                check_same(path, paths[0], file.schema_arrow, self.schema)
                found = file.metadata
                sizes = [found.row_group(at).num_rows for at in range(found.num_row_groups)]
            self._sizes.append((path, sizes))
        self.rows = sum(sum(sizes) for _, sizes in self._sizes)

    def parts(self, columns: Sequence[str]) -> Iterator[Part]:
        """Return row groups: small ones together, large ones in pieces if they are few."""
        number = 0
        most = part_rows(self.rows)
        for path, sizes in self._sizes:
            row = 0
            for groups in _together(sizes, most):
                count = sum(sizes[at] for at in groups)
                is_cut = count > max(most, self.rows // _FEW)
                found = _pieces(path, groups, columns, most) if is_cut else [(groups, count)]
                for where, rows in found:
                    yield Part(number, path, row, where)
                    row, number = row + rows, number + 1


def _together(sizes: Sequence[int], most: int) -> Iterator[Tuple[int, ...]]:
    """Return the numbers of row groups that make a part."""
    first = rows = 0
    for at, size in enumerate(sizes):
        if at > first and rows + size > most:
            yield tuple(range(first, at))
            first, rows = at, 0
        rows += size
    if sizes:
        yield tuple(range(first, len(sizes)))


def _pieces(
    path: str, groups: Sequence[int], columns: Sequence[str], most: int
) -> Iterator[Tuple[bytes, int]]:
    """Return the rows of a large row group themselves, some at a time, and how many they are."""
    with reading(path, WHAT), pq.ParquetFile(path) as file:
        found = file.metadata.row_group(groups[0])
        step = min(most, packed_rows(found.num_rows, found.total_byte_size))
        for batch in file.iter_batches(step, row_groups=list(groups), columns=list(columns)):
            yield packed([batch.select(list(columns))]), batch.num_rows


def open_table(paths: Sequence[str], signature: Signature) -> Table:
    """Return the data set of some files."""
    return ParquetTable(paths)


def batches(part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Return the rows of a part."""
    with reading(part.source, WHAT), pq.ParquetFile(part.source) as file:
        found = file.iter_batches(most_rows, row_groups=list(part.where), columns=list(columns))
        for batch in found:
            yield batch.select(list(columns))
