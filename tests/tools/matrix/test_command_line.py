import json
import subprocess
import sys

import pytest

from tools.matrix import __main__ as command_line
from tools.rows import load
from tools.rows.reader import ROOT


@pytest.fixture
def run(checkout, monkeypatch, capsys):
    """Return the command line of the small checkout: arguments to exit code, output, errors."""

    def run(*arguments):
        code = command_line.main(list(arguments))
        return (code, *capsys.readouterr())

    path = checkout.root / "build_matrix.yaml"
    monkeypatch.setattr(command_line, "load", lambda *_, **__: load(path, environment={}))
    return run


def test_check_counts_what_it_found_good(run):
    """A good checkout is worth one line."""
    assert run("check") == (0, "build_matrix.yaml: 3 rows, 2 of them built\n", "")


def test_check_fails_with_a_line_a_problem(run, checkout):
    """Problems go to standard error, and the exit code says so."""
    (checkout.root / "runtimes/toy/Dockerfile").unlink()
    code, output, errors = run("check")
    assert (code, output) == (1, "")
    assert errors.startswith("toy: there is no runtimes/toy/Dockerfile")


def test_check_online_asks_for_wheels_too(run, monkeypatch):
    """Progress goes to standard output, what is missing to standard error."""
    missing = "toy/1.9: toy==1.9.0 has no wheel"

    def missing_wheels(matrix, progress):
        progress("[toy/1.9] toy==1.9.0: missing")
        return [missing]

    monkeypatch.setattr(command_line, "missing_wheels", missing_wheels)
    assert run("check", "--online") == (1, "[toy/1.9] toy==1.9.0: missing\n", f"{missing}\n")
    assert run("check")[0] == 0


def test_broken_matrix_fails_every_verb(run, checkout):
    """The message is the reader's, without a traceback."""
    checkout.replace("build_matrix.yaml", "status: legacy", "status: old")
    for verb in ("check", "plan", "table", "bake", "vulnerabilities"):
        code, output, errors = run(verb)
        assert (code, output) == (1, "")
        assert errors.startswith("toy/1.9: status is 'old'")


@pytest.mark.parametrize(
    ("options", "versions"),
    [
        ([], ["1.9", "1.10"]),
        (["--status", "supported"], ["1.10"]),
        (["--status", "supported", "--status", "legacy"], ["1.9", "1.10"]),
    ],
)
def test_plan_is_one_line_of_json(run, options, versions):
    """CI can put it into one of its outputs as it is."""
    code, output, _ = run("plan", *options)
    assert (code, output.count("\n")) == (0, 1)
    assert [entry["version"] for entry in json.loads(output)] == versions


def test_plan_of_rows_that_are_not_built_is_refused(run, capsys):
    """Nobody can ask CI to build an image that does not exist."""
    with pytest.raises(SystemExit):
        run("plan", "--status", "eol")
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "targets"),
    [
        ([], ["toy-1_9", "toy-1_10"]),
        (["toy"], ["toy-1_9", "toy-1_10"]),
        (["toy", "1.9"], ["toy-1_9"]),
        (["--status", "supported"], ["toy-1_10"]),
    ],
)
def test_bake_prints_the_targets_of_rows(run, options, targets):
    """All that can be built, or those that are named."""
    code, output, _ = run("bake", *options)
    assert (code, list(json.loads(output)["target"])) == (0, targets)


def test_bake_writes_a_file(run, checkout):
    """What is written is what is printed, with the caller's choices in it."""
    options = ["bake", "toy", "--cache", "localhost:5000/cache"]
    file = checkout.root / "docker-bake.json"
    code, output, _ = run(*options, "--output", str(file))
    assert (code, output.split(";")[0]) == (0, f"{file}: 2 targets")
    assert run(*options)[1] == file.read_text()
    target = json.loads(file.read_text())["target"]["toy-1_9"]
    assert target["cache-from"] == [
        "type=registry,ref=localhost:5000/cache/serving-runtime-toy:1.9"
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["toy", "0.9"], "toy/0.9 is not built: nobody kept its wheels"),
        (["joy"], "no runtime 'joy'"),
        (["--status", "unverified"], "no row of that runtime and status can be built"),
    ],
)
def test_bake_of_nothing_is_refused(run, options, told):
    """A file without targets would make bake fail later, and say less."""
    code, output, errors = run("bake", *options)
    assert (code, output) == (1, "")
    assert errors.startswith(told)


def test_table_is_checked_and_written(run):
    """`--check` writes nothing; without it the document is mended."""
    told = "docs/images.md: out of date; run `make matrix-table`\n"
    assert run("table", "--check") == (1, "", told)
    assert run("table") == (0, "", "")
    assert run("table", "--check") == (0, "", "")


def test_vulnerabilities_are_listed_for_rows(run):
    """All that are built, a runtime's, or one."""
    code, output, _ = run("vulnerabilities", "toy", "1.9")
    assert (code, "toy/1.9 (legacy): none is known" in output) == (0, True)
    assert "toy/1.10" not in output
    assert "toy/1.10" in run("vulnerabilities")[1]


def test_help_names_the_commands():
    """`--help` says what there is to do."""
    command = [sys.executable, "-m", "tools.matrix", "--help"]
    shown = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    assert all(verb in shown for verb in (b"check", b"plan", b"table", b"bake"))
