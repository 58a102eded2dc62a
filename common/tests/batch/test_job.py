import json
import os
import re
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving_runtime.batch import readers
from serving_runtime.cli import main
from tests.support import models
from tests.support.processes import wait_until


@pytest.fixture
def model(tmp_path):
    """Return the model that does what each row tells it to."""
    return models.write_obedient(tmp_path / "obedient")


def command(directory, source, output, *more):
    """Return the words of a command."""
    words = ["batch", directory, "--input", source, "--output", output, "--keep", "id,x"]
    words += ["--signature", "infer", "--workers", "1", *more]
    return [str(word) for word in words]


@pytest.fixture
def batch(model, tmp_path, capsys):
    """Return a function that scores a file; it returns the results, the bad rows and the texts."""

    def run(source, *more):
        output = tmp_path / "scores"
        code = main(command(model, source, output, *more))
        captured = capsys.readouterr()
        assert code == 0, captured.err
        rows = pq.read_table(output).to_pylist()  # what begins with _ is left out
        bad = (output / "_bad_rows.jsonl").read_text(encoding="utf-8").splitlines()
        return rows, [json.loads(line) for line in bad], captured

    return run


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Return a function that writes rows as a Parquet file of several parts."""
    monkeypatch.setattr(readers.table, "PART_ROWS", 20)

    def write(rows=60, **deeds):
        what = [deeds.get(f"row_{row}", "") for row in range(rows)]
        columns = {"id": list(range(rows)), "what": what, "x": [float(it) for it in range(rows)]}
        pq.write_table(pa.table(columns), tmp_path / "rows.parquet", row_group_size=10)
        return tmp_path / "rows.parquet"

    return write


def answer(row):
    """Return what the model answers for a row by itself."""
    return {"id": row, "x": float(row), "y": float(row) * float(row) / 3 + 1}


def test_all_rows_are_scored_in_order(batch, table):
    """Parts are shared out among processes, and stand in the order of the rows."""
    rows, bad, captured = batch(table(), "--workers", "2")
    assert rows == [answer(row) for row in range(60)]
    assert bad == []
    assert captured.out.startswith("60 rows, 0 of them bad: ")
    assert re.search(r"60 rows in .*, .* rows/s\n", captured.err)


def test_bad_rows_are_put_aside(batch, table):
    """Each with where it is, why, and what it was; all others have their results."""
    rows, bad, _ = batch(table(row_3="raise three", row_45="unprintable"))
    assert rows == [answer(row) for row in range(60) if row not in (3, 45)]
    assert [(each["row"], each["reason"]) for each in bad] == [
        (3, "ValueError('three')"),
        (45, "Unprintable"),
    ]
    assert bad[0]["values"] == {"id": 3, "what": "raise three", "x": 3.0}
    assert bad[0]["source"].endswith("rows.parquet")


def test_a_row_that_ends_the_process_is_one_bad_row(batch, table):
    """The part is done again by another process, ever more carefully, and nothing is lost."""
    rows, bad, _ = batch(table(row_7="exit 3", row_12="segfault", row_59="quit 4"))
    assert rows == [answer(row) for row in range(60) if row not in (7, 12, 59)]
    assert [(each["row"], each["reason"]) for each in bad] == [
        (7, "the model's process exited with code 3 with this row"),
        (12, "the model's process was killed by SIGSEGV with this row"),
        (59, "SystemExit(4)"),
    ]


def test_texts_become_what_the_model_takes(batch, tmp_path):
    """A CSV's other columns stay as they are, to the letter."""
    (tmp_path / "rows.csv").write_text('id,x,what\n007,3,""\n008,three,""\n,6,""\n')
    rows, bad, _ = batch(tmp_path / "rows.csv")
    assert [(row["id"], row["x"], row["y"]) for row in rows] == [("007", "3", 4.0), (None, "6", 13)]
    assert [each["reason"] for each in bad] == ['column "x" has "three", which is no float64']


def test_what_was_done_stays_done(batch, model, table, tmp_path):
    """A job that was stopped goes on with the parts that it has not finished."""
    source, output = table(row_50="await " + str(tmp_path / "go")), tmp_path / "scores"
    code = (
        "import sys\nfrom serving_runtime.batch.readers import table\ntable.PART_ROWS = 20\n"
        "from serving_runtime.cli import main\nmain(sys.argv[1:])"
    )
    stopped = subprocess.Popen([sys.executable, "-c", code, *command(model, source, output)])
    try:
        wait_until(lambda: len(marks(output)) == 2, "two parts are done", 120)
    finally:
        stopped.kill()
        stopped.wait()
    before = {path: path.stat().st_mtime_ns for path in output.glob("part-*.parquet")}
    (tmp_path / "go").touch()
    rows, bad, _ = batch(source)
    assert (rows, bad) == ([answer(row) for row in range(60)], [])
    assert len(before) == 2
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


# What a shell runs in the background ignores Ctrl-C, and so does what that starts.
HEARS_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from serving_runtime.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.mark.nightly
def test_an_interrupted_job_says_that_it_can_go_on(model, table, tmp_path):
    """Ctrl-C, which a terminal sends to all processes, ends it at once, without tracebacks."""
    source, output = table(20, row_3="await " + str(tmp_path / "never")), tmp_path / "scores"
    words = [sys.executable, "-c", HEARS_CTRL_C, *command(model, source, output)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as job:
        try:
            wait_until(lambda: list(output.glob(".part-*")), "a part is begun", 120)
            os.killpg(job.pid, signal.SIGINT)
            _, said = job.communicate(timeout=60)
        finally:
            job.kill()
    assert job.returncode == 130
    assert said.endswith("interrupted: the same command continues from here\n")
    assert "Traceback" not in said


@pytest.mark.nightly
def test_what_is_no_row_s_fault_stops_the_job(model, table, tmp_path, capsys):
    """Where results cannot be written, no row is called bad."""
    source, output = table(20), tmp_path / "scores"
    (output / "_job" / ".part-00000.bad.jsonl.unfinished").mkdir(parents=True)
    assert main(command(model, source, output)) == 1
    assert "scoring cannot go on: IsADirectoryError: " in capsys.readouterr().err
    assert not (output / "_SUCCESS").exists()


def test_a_job_that_is_done_is_not_done_again(batch, table, tmp_path):
    """The same command says what came of it; another one is refused."""
    source = table(20)
    rows, _, _ = batch(source)
    before = (tmp_path / "scores" / "part-00000.parquet").stat().st_mtime_ns
    again, _, captured = batch(source)
    assert (again, captured.out.partition(":")[0]) == (rows, "20 rows, 0 of them bad")
    assert (tmp_path / "scores" / "part-00000.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--keep", "nothing"), '--keep: the data has no column "nothing"'),
        (("--signature", "inferr"), 'the model has no signature "inferr"'),
        (("--stateful", "1"), "the model keeps a state"),
    ],
)
def test_a_job_that_cannot_begin_says_why(model, table, tmp_path, capsys, more, message):
    """Before a row is read."""
    assert main(command(model, table(20), tmp_path / "scores", *more)) == 1
    assert message in capsys.readouterr().err


@pytest.mark.nightly
def test_a_job_of_bad_rows_stops(model, table, tmp_path, capsys):
    """Where most rows are bad it is no single rows that are at fault; what was done is kept."""
    source = table(1200, **{f"row_{row}": "raise no" for row in range(1200)})
    assert main(command(model, source, tmp_path / "scores", "--rows-per-call", "5")) == 1
    assert "rows are bad so far, more than --max-bad 0.5 allows" in capsys.readouterr().err
    assert marks(tmp_path / "scores")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    """The package itself does not bring what reads tables."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(command(tmp_path, "rows.csv", tmp_path / "scores")) == 1
    assert "pip install 'serving-runtime[batch]'" in capsys.readouterr().err


def marks(output):
    """Return the marks of the parts that are done."""
    return list(output.glob("_job/part-*[0-9].json"))
