"""Read JSON lines: an object a line; one that is none, or has a value of another type, is bad.

The types of the model's inputs are the contract's; those of other columns are what the first block
shows.
"""

import json
from typing import Any, Iterator, List, Sequence, Tuple

import pyarrow as pa
from pyarrow import json as arrow_json

from serving_runtime.batch import types
from serving_runtime.batch.parts import BadRow, Part
from serving_runtime.batch.readers.table import Table, block_bytes, packed, reading
from serving_runtime.errors import StartError
from serving_runtime.signature import Signature

WHAT = "JSON lines"


class JsonTable(Table):
    """Files of JSON lines, which are read here, in order."""

    def __init__(self, paths: Sequence[str], signature: Signature) -> None:
        self._paths = paths
        self._block_bytes = block_bytes(paths)
        self.schema = _schema(paths[0], self._block_bytes, signature)

    def parts(self, columns: Sequence[str]) -> Iterator[Part]:
        """Return blocks of lines."""
        number = 0
        schema = pa.schema([self.schema.field(name) for name in columns])
        for path in self._paths:
            row = 0
            for lines in _blocks(path, self._block_bytes):
                found, bad = _read(lines, schema, row)
                count = found.num_rows + len(bad)
                yield Part(number, path, row, packed(_batches(found)), tuple(bad))
                row, number = row + count, number + 1


def open_table(paths: Sequence[str], signature: Signature) -> Table:
    """Return the data set of some files."""
    return JsonTable(paths, signature)


def batches(part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Raise: parts have their rows with them."""
    raise NotImplementedError


def _blocks(path: str, size: int) -> Iterator[bytes]:
    """Return the file's bytes, cut where lines end."""
    rest = b""
    with reading(path, WHAT), pa.input_stream(path, compression="detect") as stream:
        while True:
            read = stream.read(size)
            if not read:
                break
            whole, newline, rest = (rest + read).rpartition(b"\n")
            if whole:
                yield whole + newline
    if rest.strip():
        yield rest


def _schema(path: str, block_size: int, signature: Signature) -> Any:
    """Return the columns of the first block that has any."""
    declared = {field.name: types.of_input(field) for field in signature.inputs}
    for lines in _blocks(path, block_size):
        objects = [each for _, each in _objects(lines, 0)[0]]
        if not objects:
            continue
        names = list(dict.fromkeys(name for each in objects for name in each))
        known = [(name, declared.get(name) or _inferred(name, objects)) for name in names]
        return types.schema(known)
    raise StartError(f"{path} cannot be read as {WHAT}: it has no line that is an object")


def _inferred(name: str, objects: Sequence[Any]) -> Any:
    try:
        return pa.infer_type([each.get(name) for each in objects])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.string()


def _read(lines: bytes, schema: Any, first_row: int) -> Tuple[Any, List[BadRow]]:
    """Return a block's rows, and those that are none; Arrow itself reads what has none of these."""
    try:
        found = arrow_json.read_json(
            pa.BufferReader(lines),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        )
        return found.select(schema.names).cast(schema), []
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError):
        return _read_singly(lines, schema, first_row)


def _read_singly(lines: bytes, schema: Any, first_row: int) -> Tuple[Any, List[BadRow]]:
    objects, bad = _objects(lines, first_row)
    fitting: List[Any] = []
    for row, each in objects:
        try:
            fitting.append(pa.Table.from_pylist([each], schema))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            bad.append(BadRow(row, str(error).splitlines()[0], each))
    bad.sort(key=lambda it: it.row)
    return pa.concat_tables([schema.empty_table(), *fitting]), bad


def _objects(lines: bytes, first_row: int) -> Tuple[List[Tuple[int, Any]], List[BadRow]]:
    """Return the objects of a block's lines, with their numbers, and the lines that are none."""
    objects: List[Tuple[int, Any]] = []
    bad: List[BadRow] = []
    for row, line in enumerate(filter(bytes.strip, lines.split(b"\n")), first_row):
        try:
            found = json.loads(line)
            reason = "" if isinstance(found, dict) else "the line is no JSON object"
        except ValueError as error:
            found, reason = None, f"the line is no JSON: {error}"
        if reason:
            bad.append(BadRow(row, reason, line.decode("utf-8", "backslashreplace")))
        else:
            objects.append((row, found))
    return objects, bad


def _batches(table: Any) -> List[Any]:
    found: List[Any] = table.combine_chunks().to_batches()
    return found or [pa.RecordBatch.from_pylist([], table.schema)]
