import pytest

from tools import docker, matrix
from tools.images import __main__ as command
from tools.images import report, selection, testing

MATRIX = matrix.load()
BUILT = list(MATRIX.rows_of("python"))
BUILT = [row for row in BUILT if row.is_built]


@pytest.mark.parametrize(
    ("runtime", "version", "picks", "expected"),
    [
        ("python", "3.13", "", ["python/3.13"]),
        ("python", None, "", [row.name for row in BUILT]),
        ("python", None, "oldest", [BUILT[0].name]),
        ("python", None, "oldest,newest", [BUILT[0].name, BUILT[-1].name]),
    ],
)
def test_rows_are_chosen_as_they_are_named(runtime, version, picks, expected):
    """One row, a runtime's rows, or its ends; what is not built is left out."""
    assert [row.name for row in selection.chosen(MATRIX, runtime, version, picks)] == expected


@pytest.mark.parametrize(
    ("version", "picks", "told"),
    [("3.5", "", "python/3.5 is not built: "), ("9.9", "", "9.9"), (None, "middle", "middle")],
)
def test_a_choice_that_makes_no_sense_is_refused(version, picks, told):
    """A row that is not built or not there, and an unknown pick, are named."""
    with pytest.raises(matrix.MatrixError, match=told):
        selection.chosen(MATRIX, "python", version, picks)


def test_a_row_that_fails_does_not_stop_the_others(monkeypatch, capsys):
    """The table says which row failed and why, the others are built, and the code is 1."""
    monkeypatch.setattr(command.engine, "ensure", lambda: "20.10")
    monkeypatch.setattr(command.bases, "ensure", lambda name: "is there")
    monkeypatch.setattr(command.measuring, "size_bytes", lambda row: 200_000_000)
    monkeypatch.setattr(command.measuring, "start_seconds", lambda row, root: 0.5)

    def build(row, root, progress):
        if row == BUILT[0]:
            raise docker.DockerError("Step 1/2 : RUN x\nno such wheel")
        return 12.0

    monkeypatch.setattr(command.building, "build", build)
    assert command.main(["build", "python", "--rows", "oldest,newest"]) == 1
    table = [line.split("|") for line in capsys.readouterr().out.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in line[1:-1]] for line in table]
    assert cells[2:] == [
        [BUILT[0].name, "-", "-", "-", "failed: no such wheel"],
        [BUILT[-1].name, "200 MB", "12 s", "0.5 s", "built"],
    ]


def test_the_table_is_a_document(tmp_path):
    """What is committed is the table as it was printed, with how it came about."""
    outcome = report.Outcome(BUILT[0], "12 tests passed", 219_000_000, 10.2, 0.61)
    report.write(tmp_path / "images.md", [outcome])
    written = (tmp_path / "images.md").read_text()
    assert written.startswith("# Images\n\nWritten by `make test-images")
    assert written.endswith(report.table([outcome]))
    assert "| 219 MB | 10 s  | 0.6 s    | 12 tests passed |" in written


def test_results_are_told_by_row(monkeypatch, tmp_path):
    """A row with a failed test has failed, and one without any test has not passed."""

    def run(command, cwd, env, check):
        assert env["IMAGE_ROWS"] == ",".join(row.name for row in BUILT[:3])
        counted = '{"%s": {"passed": 3, "failed": 0}, "%s": {"passed": 2, "failed": 1}}'
        (tmp_path / testing.RESULTS).write_text(counted % (BUILT[0].name, BUILT[1].name))

    monkeypatch.setattr(testing.subprocess, "run", run)
    told = testing.run(BUILT[:3], tmp_path)
    assert told == {BUILT[0].name: "3 tests passed", BUILT[1].name: "1 of 3 tests failed"}
