"""Write what came of a part: results as Parquet, bad rows as JSON lines; whole, or not at all."""

import json
import os
from typing import Any, List, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from serving_runtime.batch.folder import Folder
from serving_runtime.batch.parts import BadRow, Counts, Part
from serving_runtime.batch.scoring import Scored

_GROUP_ROWS, _GROUP_BYTES = 1 << 17, 1 << 26


class PartWriter:
    """Writes a part's results, some rows at a time, under a name that counts for nothing yet."""

    def __init__(self, folder: Folder, part: Part, schema: Any) -> None:
        self._folder = folder
        self._part = part
        self._schema = schema
        self._results = folder.results(part.number)
        self._bad = folder.bad_rows(part.number)
        self._parquet = pq.ParquetWriter(_unfinished(self._results), schema)
        self._bad_file = open(_unfinished(self._bad), "w", encoding="utf-8")  # noqa: SIM115
        self._waiting: List[Any] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._counts = Counts()

    def write(self, scored: Scored) -> None:
        """Write some results and bad rows."""
        if scored.rows is not None:
            self._waiting.append(scored.rows)
            self._waiting_rows += scored.rows.num_rows
            self._waiting_bytes += scored.rows.nbytes
            self._counts = self._counts.plus(Counts(scored.rows.num_rows, 0))
        self.write_bad(scored.bad)
        if self._waiting_rows >= _GROUP_ROWS or self._waiting_bytes >= _GROUP_BYTES:
            self._flush()

    def write_bad(self, bad: Sequence[BadRow]) -> None:
        """Write rows that have no result."""
        for each in bad:
            self._bad_file.write(_line(self._part.source, each))
        self._counts = self._counts.plus(Counts(len(bad), len(bad)))

    def finish(self) -> Counts:
        """Make the part count: results, then bad rows, then the mark that it is done."""
        self._flush()
        self._parquet.close()
        self._bad_file.close()
        os.replace(_unfinished(self._results), self._results)
        os.replace(_unfinished(self._bad), self._bad)
        self._folder.mark(self._part.number, self._counts)
        return self._counts

    def abandon(self) -> None:
        """Close the files, and leave nothing."""
        self._parquet.close()
        self._bad_file.close()
        for path in (self._results, self._bad):
            os.remove(_unfinished(path))

    def _flush(self) -> None:
        if self._waiting:
            self._parquet.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0


def _unfinished(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.unfinished")


def _line(source: str, bad: BadRow) -> str:
    found = {"source": source, "row": bad.row, "reason": bad.reason, "values": bad.values}
    return json.dumps(found, ensure_ascii=False, default=_text) + "\n"


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
