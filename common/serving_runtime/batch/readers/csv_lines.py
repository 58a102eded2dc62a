"""Read CSV with a header: all columns as texts, so that one odd cell is one bad row.

An empty cell is a missing value, a quoted empty one an empty text.
"""

from typing import Any, Iterator, List, Sequence, Tuple

import pyarrow as pa
from pyarrow import csv

from serving_runtime.batch.parts import BadRow, Part
from serving_runtime.batch.readers.table import Table, block_bytes, check_same, packed, reading
from serving_runtime.signature import Signature

WHAT = "CSV"


class CsvTable(Table):
    """Files of CSV, which are read here, in order: only that finds where a line ends."""

    is_text = True

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._block_bytes = block_bytes(paths)
        for path in paths:
            schema = _header(path, self._block_bytes)
            if path == paths[0]:
                self.schema = schema
            check_same(path, paths[0], schema, self.schema)

    def parts(self, columns: Sequence[str]) -> Iterator[Part]:
        """Return blocks of lines."""
        number = 0
        for path in self._paths:
            for first_row, batch, wrong in self._blocks(path, list(columns)):
                yield Part(number, path, first_row, packed([batch]), tuple(wrong))
                number += 1

    def _blocks(self, path: str, columns: List[str]) -> Iterator[Tuple[int, Any, List[BadRow]]]:
        """Return the lines of a file, and those that are left out, with the first one's number."""
        wrong: List[BadRow] = []  # in order; the reader may be ahead of the lines that it gives
        row = 0
        with reading(path, WHAT), self._opened(path, wrong) as reader:
            for batch in reader:
                left_out: List[BadRow] = []
                while wrong and wrong[0].row < row + batch.num_rows + len(left_out):
                    left_out.append(wrong.pop(0))
                yield row, batch.select(columns), left_out
                row += batch.num_rows + len(left_out)
        if wrong:
            schema = pa.schema([self.schema.field(name) for name in columns])
            yield row, pa.RecordBatch.from_pylist([], schema), wrong

    def _opened(self, path: str, wrong: List[BadRow]) -> Any:
        return _opened(path, self.schema, wrong, self._block_bytes)


def open_table(paths: Sequence[str], signature: Signature) -> Table:
    """Return the data set of some files."""
    return CsvTable(paths)


def batches(part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Raise: parts have their rows with them."""
    raise NotImplementedError


def _header(path: str, block_size: int) -> Any:
    with reading(path, WHAT), _opened(path, None, [], block_size) as reader:
        return pa.schema([pa.field(name, pa.string()) for name in reader.schema.names])


def _opened(path: str, schema: Any, wrong: List[BadRow], block_size: int) -> Any:
    def leave_out(line: Any) -> str:
        text = f"the line has {line.actual_columns} fields, expected {line.expected_columns}"
        wrong.append(BadRow(line.number - 2, text, line.text))  # the header is 1
        return "skip"

    types = {} if schema is None else {field.name: field.type for field in schema}
    return csv.open_csv(
        pa.input_stream(path, compression="detect"),
        read_options=csv.ReadOptions(use_threads=False, block_size=block_size),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=leave_out),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
