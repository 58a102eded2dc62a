"""Read Parquet: a part is one row group, or several small ones; who scores it opens it."""

from typing import Any, Iterator, List, Sequence, Tuple

import pyarrow.parquet as pq

from serving_runtime.batch.parts import Part
from serving_runtime.batch.readers.table import PART_ROWS, Table, check_same, reading
from serving_runtime.signature import Signature

WHAT = "Parquet"


class ParquetTable(Table):
    """Files of Parquet, of which only the footers are read."""

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
        """Return row groups, those that are small together."""
        number = 0
        for path, sizes in self._sizes:
            row = first = 0
            for at in range(len(sizes)):
                together = sum(sizes[first : at + 1])
                is_last = at + 1 == len(sizes)
                if is_last or together + sizes[at + 1] > PART_ROWS:
                    yield Part(number, path, row, tuple(range(first, at + 1)))
                    row, first, number = row + together, at + 1, number + 1


def open_table(paths: Sequence[str], signature: Signature) -> Table:
    """Return the data set of some files."""
    return ParquetTable(paths)


def batches(part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Return the rows of a part."""
    with reading(part.source, WHAT), pq.ParquetFile(part.source) as file:
        found = file.iter_batches(most_rows, row_groups=list(part.where), columns=list(columns))
        for batch in found:
            yield batch.select(list(columns))
