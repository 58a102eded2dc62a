import gzip

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from serving_runtime.batch import readers
from serving_runtime.batch.readers import table
from serving_runtime.errors import StartError
from serving_runtime.signature import FREE, Field, Signature

SIGNATURE = Signature("infer", (Field("x", "float64", (FREE,)),), ())
TABLE = pa.table({"id": list(range(10)), "x": [float(it) for it in range(10)]})


def rows_of(*inputs, columns=("id", "x"), wanted=""):
    """Return all rows with their numbers, the bad ones, and how many parts they came in."""
    files = readers.find([str(path) for path in inputs], wanted)
    parts = list(readers.open_table(files, SIGNATURE).parts(columns))
    rows, bad = [], []
    for part in parts:
        first = part.first_row
        for batch in readers.batches(files.format, part, columns, 4):
            assert batch.schema.names == list(columns)
            numbers = part.numbers(first, batch.num_rows).tolist()
            rows += zip(numbers, batch.to_pylist())
            first = numbers[-1] + 1 if numbers else first
        bad += [(each.row, each.reason) for each in part.unreadable]
    assert [part.number for part in parts] == list(range(len(parts)))
    return rows, bad, len(parts)


@pytest.fixture
def text(tmp_path):
    """Return a function that writes a file of some lines."""

    def write(name, *lines):
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


def write_arrow(path, make):
    """Write the table in record batches of three rows."""
    with make(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, 3)
    return path


def test_each_format_gives_the_same_rows(tmp_path, text):
    """With their numbers, and only the columns that are asked for."""
    expected = list(enumerate(TABLE.to_pylist()))
    pq.write_table(TABLE, tmp_path / "a.parquet")
    lines = [f'{{"id": {it}, "more": null, "x": {it}}}' for it in range(10)]
    assert rows_of(tmp_path / "a.parquet")[0] == expected
    assert rows_of(write_arrow(tmp_path / "a.arrow", pa.ipc.new_file))[0] == expected
    assert rows_of(write_arrow(tmp_path / "b.arrow", pa.ipc.new_stream))[0] == expected
    assert rows_of(text("a.jsonl", *lines))[0] == expected
    found, _, _ = rows_of(text("a.csv", "x,id", *(f"{it},{it}" for it in range(10))))
    assert found == [(it, {"id": str(it), "x": str(it)}) for it in range(10)]


def test_small_row_groups_go_together(tmp_path, monkeypatch):
    """A part is a row group or several; each file begins one of its own."""
    monkeypatch.setattr(table, "PART_ROWS", 6)
    pq.write_table(TABLE, tmp_path / "a.parquet", row_group_size=3)
    pq.write_table(TABLE, tmp_path / "b.parquet", row_group_size=5)
    rows, _, parts = rows_of(tmp_path)
    assert [number for number, _ in rows] == [*range(10), *range(10)]
    assert parts == 4  # 6, 4; 5, 5


@pytest.mark.parametrize("make", [pq.write_table, pa.feather.write_feather])
def test_rows_that_are_all_in_one_piece_are_cut(tmp_path, monkeypatch, make):
    """Each process gets some of a file as most libraries write it; damage is found all the same."""
    monkeypatch.setattr(table, "PART_ROWS", 8)
    path = tmp_path / ("a.parquet" if make is pq.write_table else "a.arrow")
    make(TABLE, path)
    rows, _, parts = rows_of(path)
    assert rows == list(enumerate(TABLE.to_pylist()))
    assert parts == 5
    monkeypatch.setattr(table, "_PACKED_BYTES", 1)
    assert rows_of(path)[2] == 10  # wide rows go one by one rather than take the memory


def test_data_of_any_size_is_cut_for_several_processes():
    """Into sixteen parts, unless they would be tiny, or large."""
    sizes = {rows: table.part_rows(rows) for rows in (10, 100_000, 10**9)}
    assert sizes == {10: 1024, 100_000: 6250, 10**9: 1 << 18}


def test_blocks_of_lines_are_cut_where_a_line_ends(text, monkeypatch):
    """Lines, and texts with line breaks in quotes, are never torn."""
    monkeypatch.setattr(table, "_LEAST_BYTES", 64)
    monkeypatch.setattr(table, "_MOST_BYTES", 64)
    lines = [f'{it},"a\nb,{it}"' for it in range(50)]
    rows, bad, parts = rows_of(text("a.csv", "id,x", *lines))
    assert rows == [(it, {"id": str(it), "x": f"a\nb,{it}"}) for it in range(50)]
    assert bad == []
    assert parts > 5
    rows, _, parts = rows_of(text("a.jsonl", *(f'{{"id": {it}, "x": 1}}' for it in range(50))))
    assert [(number, row["id"]) for number, row in rows] == [(it, it) for it in range(50)]
    assert parts > 5


def test_compressed_lines_are_read(tmp_path):
    """By what the name ends with."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id,x\n1,2\n"))
    assert rows_of(tmp_path / "a.csv.gz")[0] == [(0, {"id": "1", "x": "2"})]


def test_lines_of_a_csv_with_other_fields_are_bad(text):
    """The lines around them keep their numbers."""
    rows, bad, _ = rows_of(text("a.csv", "id,x", "1,2", "3", "4,5", "6,7,8"))
    assert [number for number, _ in rows] == [0, 2]
    assert bad == [
        (1, "the line has 1 fields, expected 2"),
        (3, "the line has 3 fields, expected 2"),
    ]


def test_an_empty_cell_is_missing_and_a_quoted_one_empty(text):
    """As RFC 4180 leaves it open, and the service reads it."""
    rows, _, _ = rows_of(text("a.csv", "id,x", '"",'))
    assert rows == [(0, {"id": "", "x": None})]


def test_lines_that_are_no_json_or_of_another_type_are_bad(text):
    """The others of their block are read."""
    lines = ('{"id": 1, "x": 2}', "{", "[1]", '{"id": 1, "x": "a"}', '{"x": 3}')
    rows, bad, _ = rows_of(text("a.jsonl", *lines))
    assert rows == [(0, {"id": 1, "x": 2.0}), (4, {"id": None, "x": 3.0})]
    assert [row for row, _ in bad] == [1, 2, 3]
    assert bad[0][1].startswith("the line is no JSON: ")
    assert bad[1][1] == "the line is no JSON object"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"PAR1 and no end", "cannot be read as Parquet: "),
        ("a.arrow", b"ARROW1 and no end", "cannot be read as an Arrow file or stream: "),
        ("a.csv", b"", "cannot be read as CSV: "),
        ("a.jsonl", b"\n", "no line that is an object"),
        ("a.txt", b"", "does not say its format"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content, message):
    """A file that was cut off, is empty, or is of another format stops the job with its name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StartError, match=message) as raised:
        rows_of(tmp_path / name)
    assert name in str(raised.value)


def test_files_of_a_set_must_be_alike(tmp_path, text):
    """Columns that differ, formats that differ, or no file at all."""
    pq.write_table(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE.set_column(1, "x", pa.array(["a"] * 10)), tmp_path / "b.parquet")
    with pytest.raises(StartError, match='column "x" is string in .*, and double in'):
        rows_of(tmp_path)
    pq.write_table(TABLE.select(["x"]), tmp_path / "b.parquet")
    with pytest.raises(StartError, match=r'b.parquet has no column "id", which .*a.parquet has'):
        rows_of(tmp_path)
    with pytest.raises(StartError, match="several formats: csv, parquet"):
        rows_of(tmp_path / "a.parquet", text("c.csv", "x"))
    with pytest.raises(StartError, match="does not exist"):
        rows_of(tmp_path / "none.csv")


def test_urls_are_for_a_cluster():
    """There they go to Spark as they are."""
    with pytest.raises(StartError, match="hdfs://rows.csv is a URL"):
        readers.find(["hdfs://rows.csv"])
    assert readers.find(["hdfs://rows"], "csv", on_cluster=True) == (["hdfs://rows"], "csv")
