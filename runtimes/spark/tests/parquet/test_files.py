"""The reader of Parquet, held against pyarrow's."""

import math
import re

import pytest

from runtimes.spark.tests.answers import MODELS, NEWEST, OLDEST
from runtimes.spark.tests.saving import cut, footer_size
from spark_runtime.parquet import ParquetError, read_rows

FILES = sorted(path for path in MODELS.rglob("*.parquet") if path.name[0] not in "._")


def kind_of(path):
    """Return what a file is: the Spark that saved it, the stage, and the folder in it."""
    below = path.relative_to(MODELS)
    spark = below.parts[0].partition("-")[0]
    stage = re.sub(r"[\d_]+|[0-9a-f]{12,}", "", path.parent.parent.name)
    return spark, stage, path.parent.name


BY_DAY = (OLDEST, NEWEST)
# One of each: the others are of the same form.
KINDS = {kind_of(path): path for path in FILES}

NESTED = [
    {"id": 1, "name": "ä", "values": [0.5, math.pi], "inner": {"a": 1, "words": ["x", None]}},
    {"id": None, "name": None, "values": None, "inner": None},
    {"id": -(2**62), "name": "", "values": [], "inner": {"a": None, "words": []}},
    {"id": 2, "name": "ä", "values": [math.inf] * 9, "inner": {"a": 3, "words": None}},
]


def as_pyarrow_has_it(value):
    """Return a value with maps as pyarrow has them, lists of pairs, and NaN as a text."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return sorted((key, as_pyarrow_has_it(it)) for key, it in value.items())
        return {key: as_pyarrow_has_it(it) for key, it in value.items()} or []
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return as_pyarrow_has_it(dict(value))
    if isinstance(value, (list, tuple)):
        return [as_pyarrow_has_it(it) for it in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id="-".join(kind), marks=() if kind[0] in BY_DAY else pytest.mark.nightly
        )
        for kind, path in KINDS.items()
    ],
)
def test_saved_data_is_read_as_pyarrow_reads_it(path):
    """Each file that a Spark saved has the same records."""
    parquet = pytest.importorskip("pyarrow.parquet")
    expected = parquet.ParquetFile(path).read().to_pylist()
    assert as_pyarrow_has_it(read_rows(path)) == as_pyarrow_has_it(expected)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "none"])
@pytest.mark.parametrize("page", ["1.0", "2.0"])
@pytest.mark.parametrize("has_dictionary", [True, False])
def test_what_else_may_be_set_for_spark_is_read(tmp_path, compression, page, has_dictionary):
    """Compression, pages and dictionaries change nothing, nor do several row groups."""
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    rows = NESTED * 500
    parquet.write_table(
        pyarrow.Table.from_pylist(rows),
        tmp_path / "data.parquet",
        compression=compression,
        data_page_version=page,
        use_dictionary=has_dictionary,
        row_group_size=700,
    )
    assert read_rows(tmp_path / "data.parquet") == rows


def test_a_compression_that_is_not_read_is_named(tmp_path):
    """The message has what was found and what Spark's default is."""
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(NESTED), path, compression="zstd")
    with pytest.raises(ParquetError, match="compressed with Zstandard; expected Snappy"):
        read_rows(path)


def read_or_refused(path):
    """Return the records of a file, or what the reader says of it."""
    try:
        return read_rows(path)
    except ParquetError as error:
        return str(error)


@pytest.fixture
def whole(tmp_path):
    """A copy of a file that a Spark saved."""
    if not FILES:
        pytest.skip("no models are kept here")
    path = tmp_path / "data.parquet"
    path.write_bytes(FILES[0].read_bytes())
    return path


def test_a_file_that_is_cut_off_is_no_model(whole):
    """Wherever it is cut, the message says that its end is missing."""
    size = len(whole.read_bytes())
    for kept in (size - 1, size // 2, 12):
        cut(whole, kept)
        with pytest.raises(ParquetError, match="its end is missing"):
            read_rows(whole)


def test_another_file_is_no_model(whole):
    """What is no Parquet file is not taken for a damaged one."""
    whole.write_bytes(b"<html>")
    with pytest.raises(ParquetError, match="no Parquet file"):
        read_rows(whole)


def test_damage_is_told_wherever_it_is(whole):
    """No byte that is changed leads to anything but records or the reader's own error."""
    content = whole.read_bytes()
    end = len(content) - 8
    places = [*range(4, 64), len(content) // 3, end - footer_size(content), end - 1]
    for place in places:
        for byte in (0, 255, content[place] ^ 1):
            whole.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
            assert read_or_refused(whole) is not None
