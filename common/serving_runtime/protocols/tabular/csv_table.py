"""Read tables that come as CSV, and write them: quoting as RFC 4180, an empty cell is missing.

A first line that holds exactly the inputs' names, in any order, is a header. Otherwise the fields
come in the contract's order.
"""

import csv
import io
import itertools
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.shapes import element_count
from serving_runtime.protocols.tabular import cells
from serving_runtime.protocols.tabular.cells import Block, CellReader
from serving_runtime.signature import FREE, Field, Signature, Value
from serving_runtime.validation.problems import quoted

# Texts of so many lines are there at a time: each takes far more memory than its value.
_BLOCK_LINES = 1024


class Place(NamedTuple):
    """Where an input's fields are in each line.

    ``shape`` is that of one row: its sizes make ``stop - start``.
    """

    field: Field
    start: int
    stop: int
    shape: Tuple[int, ...]


def read(payload: Bytes, signature: Signature) -> Dict[str, Value]:
    """Return a table's columns as the inputs of a signature, and the masks of what is missing.

    Raises:
        InvalidInput: it is no CSV, or a line has not the inputs' fields; the text names the line.
    """
    lines = _lines(payload)
    first = next(lines, None)
    if first is None:
        raise InvalidInput(f"the CSV has no line: expected the fields {_names(signature)}")
    header = _header(first[1], signature)
    places = _places(signature, header, len(first[1]))
    readers = [
        CellReader(place.field, cells.is_nullable(place.field.name, signature)) for place in places
    ]
    width = sum(place.stop - place.start for place in places)
    rest = lines if header else itertools.chain([first], lines)
    count = 0
    while True:
        block = list(itertools.islice(rest, _BLOCK_LINES))
        if not block:
            break
        count += len(block)
        _check_widths(block, width, signature)
        for place, reader in zip(places, readers):
            reader.add(_block(block, place, None if header else first[0]))
    found: Dict[str, Value] = {}
    for place, reader in zip(places, readers):
        found.update(reader.tensors(_shape(place, count)))
    return found


def write(columns: Sequence[np.ndarray]) -> bytes:
    """Return columns, each of one or two axes and of equally many rows, as lines."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    wide = [column.reshape(len(column), -1) for column in columns]
    writer.writerows(
        [cells.text_of(value) for column in wide for value in column[row]]
        for row in range(len(wide[0]))
    )
    return file.getvalue().encode("utf-8")


def _lines(payload: Bytes) -> Iterator[Tuple[int, List[str]]]:
    """Give each line that has fields, with its number."""
    try:
        text = str(payload, "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the CSV is not UTF-8 at byte {error.start} ({error.reason})") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for line in reader:
            # An empty line is nothing, or one empty field where there is one only.
            if line:
                yield reader.line_num, line
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num} is no CSV: {error}") from None


def _header(line: Sequence[str], signature: Signature) -> Optional[List[str]]:
    names = sorted(field.name for field in signature.inputs)
    return list(line) if sorted(line) == names else None


def _places(signature: Signature, header: Optional[List[str]], width: int) -> List[Place]:
    """Return where the inputs are.

    Raises:
        InvalidInput: an input has no form in CSV.
    """
    if header:
        declared = {field.name: field for field in signature.inputs}
        return [
            Place(declared[name], at, at + 1, _row_shape(declared[name], 1, signature))
            for at, name in enumerate(header)
        ]
    found: List[Place] = []
    start = 0
    for field in signature.inputs:
        shape = _row_shape(field, width, signature)
        found.append(Place(field, start, start + element_count(shape), shape))
        start += element_count(shape)
    return found


def _row_shape(field: Field, width: int, signature: Signature) -> Tuple[int, ...]:
    """Return an input's shape in one row; one that is free takes all fields, if it is alone."""
    is_alone = len(signature.inputs) == 1
    shape = (FREE, FREE) if field.shape is None and is_alone else field.shape or ()
    sizes = shape[1:]
    if sizes.count(FREE) > (1 if is_alone else 0):
        raise InvalidInput(
            f"input {quoted(field.name)} is {field}, which has no form in CSV: send JSON"
        )
    others = element_count(size for size in sizes if size != FREE)
    return tuple(max(width // max(others, 1), 1) if size == FREE else size for size in sizes)


def _check_widths(block: Sequence[Tuple[int, List[str]]], width: int, signature: Signature) -> None:
    for number, line in block:
        if len(line) != width:
            raise InvalidInput(
                f"line {number} has {len(line)} fields, expected {width}: {_names(signature)}"
            )


def _block(lines: Sequence[Tuple[int, List[str]]], place: Place, first: Optional[int]) -> Block:
    values = [cell for _, line in lines for cell in line[place.start : place.stop]]
    numbers = [number for number, _ in lines]
    return Block(values, numbers, place.stop - place.start, first)


def _shape(place: Place, count: int) -> Tuple[int, ...]:
    if place.field.shape == ():
        if count != 1:
            raise InvalidInput(f"the model takes one row at a time, got {count} lines")
        return ()
    return (count, *place.shape)


def _names(signature: Signature) -> str:
    return ", ".join(f"{field.name} ({field})" for field in signature.inputs)
