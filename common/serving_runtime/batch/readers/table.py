"""What a job sees of a data set, whatever its format."""

import abc
import contextlib
import os
from typing import Any, Iterator, Optional, Sequence

import pyarrow as pa

from serving_runtime.batch.parts import Part
from serving_runtime.errors import StartError

PART_ROWS = 1 << 18
_PARTS = 16  # so many at least, if the data has the rows for it: each process must get some
_LEAST_ROWS = 1 << 10
_LEAST_BYTES, _MOST_BYTES = 1 << 18, 1 << 22
_PACKED_BYTES = 1 << 25


class Table(abc.ABC):
    """A data set: its columns, and its rows as parts.

    Attributes:
        schema: Arrow's.
        rows: how many there are; None where only reading tells.
        is_text: whether every column is read as texts.
    """

    schema: Any
    rows: Optional[int] = None
    is_text = False

    @abc.abstractmethod
    def parts(self, columns: Sequence[str]) -> Iterator[Part]:
        """Return all parts, in order.

        Args:
            columns: those that are needed, where parts have their rows with them.
        """


@contextlib.contextmanager
def reading(path: str, what: str) -> Iterator[None]:
    """Raise a StartError that names the file, whatever Arrow finds wrong with it."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OSError) as error:
        text = str(error).splitlines()[0]
        raise StartError(
            f"{path} cannot be read as {what}: {text}",
            "is the file complete? A copy that was cut off has to be made again",
        ) from None


def check_same(path: str, first: str, schema: Any, expected: Any) -> None:
    """Check that a file has the columns of the first one.

    Raises:
        StartError: it has others; the text names one.
    """
    if schema.equals(expected):
        return
    for field in expected:
        at = schema.get_field_index(field.name)
        if at < 0:
            raise StartError(f'{path} has no column "{field.name}", which {first} has')
        if schema.field(at).type != field.type:
            raise StartError(
                f'column "{field.name}" is {schema.field(at).type} in {path}, '
                f"and {field.type} in {first}"
            )


def part_rows(rows: int) -> int:
    """Return how many rows a part has at most, of so many in all."""
    return min(max(rows // _PARTS, _LEAST_ROWS), PART_ROWS)


def block_bytes(paths: Sequence[str]) -> int:
    """Return how many bytes of files of lines are read at a time."""
    size = sum(os.path.getsize(path) for path in paths)
    return min(max(size // _PARTS, _LEAST_BYTES), _MOST_BYTES)


def packed_rows(rows: int, size: int) -> int:
    """Return how many rows a part may have that brings them, if ``rows`` take ``size`` bytes."""
    return max(1, min(PART_ROWS // 4, _PACKED_BYTES * rows // max(size, 1)))


def packed(batches: Sequence[Any]) -> bytes:
    """Return record batches as a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    found: bytes = sink.getvalue().to_pybytes()
    return found
