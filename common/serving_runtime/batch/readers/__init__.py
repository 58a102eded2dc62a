"""Read tables of any format as parts: the same files are always cut into the same parts.

A format's module has a class with ``schema``, ``rows`` (None where only reading tells), ``parts``,
and, where parts are opened by who scores them, ``batches``.
"""

import glob
import os
from typing import Any, Iterator, List, NamedTuple, Sequence

import pyarrow as pa

from serving_runtime.batch.parts import Part
from serving_runtime.batch.readers import arrow, csv_lines, json_lines, parquet
from serving_runtime.batch.readers.table import Table
from serving_runtime.errors import StartError
from serving_runtime.signature import Signature

_MODULES = {
    "parquet": parquet,
    "csv": csv_lines,
    "jsonl": json_lines,
    "arrow": arrow,
}
FORMATS = tuple(_MODULES)
_BY_SUFFIX = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".csv", ".csv.gz"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".json"), "jsonl"),
    **dict.fromkeys((".arrow", ".feather", ".arrows", ".ipc"), "arrow"),
}


class Files(NamedTuple):
    """The files of a data set, in the order that they are read, and their format."""

    paths: List[str]
    format: str


def find(inputs: Sequence[str], wanted: str = "", on_cluster: bool = False) -> Files:
    """Return the files that are meant: files, folders of them, and patterns such as ``*.csv``.

    Args:
        inputs: what the user has named.
        wanted: the format; empty for what the names say.
        on_cluster: whether Spark reads them: it knows URLs.

    Raises:
        StartError: there are none, or they are of several formats, or of none that is known.
    """
    paths = [path for text in inputs for path in _expanded(located(text, on_cluster))]
    if not paths:
        raise StartError(f"there is no file in {', '.join(inputs)}")
    kinds = {wanted or _format(path) for path in paths}
    if len(kinds) > 1:
        raise StartError(
            f"the files are of several formats: {', '.join(sorted(kinds))}",
            "score those of each format by themselves, or name one with --format",
        )
    return Files(paths, kinds.pop())


def located(text: str, on_cluster: bool) -> str:
    """Return a path that holds wherever a model's code may go, or a URL of a cluster's as it is.

    Raises:
        StartError: it is a URL, and there is no cluster.
    """
    if "://" not in text:
        return os.path.abspath(text)
    if not on_cluster:
        raise StartError(
            f"{text} is a URL: expected a path of this machine's files",
            "copy the files here, or have a Spark cluster do it (--master)",
        )
    return text


def open_table(files: Files, signature: Signature) -> Table:
    """Return a data set, of which only the beginning has been read.

    Raises:
        StartError: a file is damaged or of another format, or the files' columns differ.
    """
    table: Table = _MODULES[files.format].open_table(files.paths, signature)
    return table


def batches(kind: str, part: Part, columns: Sequence[str], most_rows: int) -> Iterator[Any]:
    """Return the rows of a part as record batches, with some of its columns.

    Raises:
        StartError: the file has changed, or cannot be read any more.
    """
    if not isinstance(part.where, bytes):
        yield from _MODULES[kind].batches(part, columns, most_rows)
        return
    for batch in pa.ipc.open_stream(part.where):
        yield batch.select(list(columns))


def _expanded(text: str) -> List[str]:
    if os.path.isdir(text):
        names = sorted(os.listdir(text))
        paths = [os.path.join(text, name) for name in names if name[:1] not in "._"]
        return [path for path in paths if os.path.isfile(path)]
    if os.path.isfile(text) or "://" in text:
        return [text]
    found = [path for path in sorted(glob.glob(text, recursive=True)) if os.path.isfile(path)]
    if not found:
        raise StartError(f"{text} does not exist: expected a file, a folder or a pattern")
    return found


def _format(path: str) -> str:
    for suffix, kind in _BY_SUFFIX.items():
        if path.lower().endswith(suffix):
            return kind
    raise StartError(
        f"the name of {path} does not say its format: expected one of {', '.join(_BY_SUFFIX)}",
        f"name it with --format {{{','.join(FORMATS)}}}",
    )
