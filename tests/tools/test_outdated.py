import datetime
import os
import subprocess
import sys
import types

import pytest

from tools import outdated, programs
from tools.command_line import ToolError
from tools.rows import load
from tools.rows.reader import ROOT

TODAY = datetime.date(2026, 11, 21)
MATRIX = """\
owner: hydrosphere
runtimes:
  plain:
    rows:
      - {version: "3.13", status: supported, python: "3.13", base: "python:3.13", budget: 1 MB}
  toy:
    rows:
      - {version: "0.9", status: eol, reason: old, python: "3.5", framework: [toy==0.9.0]}
      - {version: "1.9", status: legacy, reason: old, python: "3.6", base: "python:3.6",
         budget: 1 MB, framework: [toy==1.9.0]}
      - {version: "1.10.1", status: supported, python: "3.13", base: "python:3.13",
         budget: 1 MB, framework: [toy==1.10.1+cpu, numpy<3]}
"""
NEW_ROW = """\
      - {version: "1.11.0", status: unverified, reason: new, python: "3.14", base: "python:3.14",
         budget: 1 MB, framework: [toy==1.11.0]}
"""


# What pip said of the same wheels: to ask takes it a second.
ANSWERS: dict = {}


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Yield a function that puts releases of the toy into the one folder where pip looks."""

    def run(command):
        asked = (*command, os.environ.get("PIP_RETRIES"), *sorted(os.listdir(tmp_path)))
        if asked not in ANSWERS:
            ANSWERS[asked] = programs.run(command)
        return ANSWERS[asked]

    monkeypatch.setattr(outdated, "programs", types.SimpleNamespace(run=run))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    outdated.offered.cache_clear()

    def release(*versions, python="3.13", platform="manylinux_2_17_x86_64"):
        tag = "cp" + python.replace(".", "")
        for version in versions:
            (tmp_path / f"toy-{version}-{tag}-{tag}-{platform}.whl").touch()

    release("1.10.1")
    yield release
    outdated.offered.cache_clear()


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """Return a function that makes a small matrix, which is then the one of the command line."""

    def matrix(text=MATRIX):
        path = tmp_path / "build_matrix.yaml"
        path.write_text(text)
        release_file = tmp_path / "common/serving_runtime/__init__.py"
        release_file.parent.mkdir(parents=True, exist_ok=True)
        release_file.write_text('__version__ = "0.7.0"\n')
        read = load(path, environment={})
        monkeypatch.setattr(outdated, "load", lambda: read)
        return read

    return matrix


def test_a_matrix_of_the_newest_is_not_outdated(release, matrix):
    """A build of the newest release, `+cpu`, is that release; runtimes without one have no news."""
    assert outdated.findings(matrix(), TODAY) == []


def test_a_release_newer_than_every_row_is_found(release, matrix):
    """Only the newest one, as people count: 1.12 is newer than 1.9."""
    release("1.9.7", "1.11.0", "1.12.0")
    (found,) = outdated.findings(matrix(), TODAY)
    assert found == ("toy", "toy 1.10.1", "1.12.0", "add a row")


def test_a_release_for_the_interpreter_of_another_runtime_is_found(release, matrix):
    """It may have left the interpreters of its own rows behind."""
    release("1.12.0", python="3.14")
    assert outdated.findings(matrix(), TODAY) == []
    newer = MATRIX.replace('python: "3.13"', 'python: "3.14"', 1)
    assert [found.found for found in outdated.findings(matrix(newer), TODAY)] == ["1.12.0"]


def test_a_row_that_is_not_verified_yet_is_a_row(release, matrix):
    """What somebody has entered already is no news, but its patch release is not asked for."""
    release("1.11.0", "1.11.1")
    assert outdated.findings(matrix(MATRIX + NEW_ROW), TODAY) == []


def test_a_newer_patch_release_of_a_supported_row_is_found(release, matrix):
    """The newest of its line, once; a post-release is one."""
    release("1.10.2", "1.10.3.post1")
    (found,) = outdated.findings(matrix(), TODAY)
    step = "put a row for 1.10.3.post1 in its place"
    assert found == ("toy/1.10.1", "toy 1.10.1", "1.10.3.post1", step)


def test_legacy_rows_stay_as_they_are(release, matrix):
    """They are for models of their time."""
    release("1.9.9", python="3.6")
    assert outdated.findings(matrix(), TODAY) == []


@pytest.mark.parametrize(
    "wheel",
    [
        {"python": "3.12"},
        {"platform": "win_amd64"},
        {"platform": "manylinux_2_34_x86_64"},  # newer than the oldest base's glibc
    ],
)
def test_wheels_that_no_row_could_install_do_not_count(release, matrix, wheel):
    """Another interpreter's, another system's, another Debian's."""
    release("1.12.0", **wheel)
    assert outdated.findings(matrix(), TODAY) == []


def test_prereleases_do_not_count(release, matrix):
    """A candidate is not for users."""
    release("1.12.0rc1")
    assert outdated.findings(matrix(), TODAY) == []


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (datetime.date(2029, 8, 1), None),
        (datetime.date(2029, 8, 2), ("ends on 2029-10-31", "plan its successor")),
        (datetime.date(2029, 10, 31), ("ends on 2029-10-31", "plan its successor")),
        (datetime.date(2029, 11, 1), ("ended on 2029-10-31", "make it legacy")),
    ],
)
def test_an_interpreter_that_ends_is_told_three_months_before(release, matrix, today, told):
    """For supported rows; that of the legacy row ended years ago."""
    found = outdated.findings(matrix(), today)
    rows = ["plain/3.13", "toy/1.10.1"] if told else []
    assert found == [(row, "Python 3.13", *told) for row in rows]


def test_an_index_out_of_reach_is_not_taken_for_no_news(matrix, release, tmp_path):
    """The rows themselves must be found, else nothing was looked at."""
    (tmp_path / "toy-1.10.1-cp313-cp313-manylinux_2_17_x86_64.whl").unlink()
    with pytest.raises(ToolError, match=r"no release of toy for Python 3\.13: is an"):
        outdated.findings(matrix(), TODAY)


@pytest.mark.parametrize("first", ["toy>=1.9", "toy", "toy @@ 1"])
def test_a_row_that_pins_nothing_is_named(matrix, release, first):
    """The first requirement says which version the row is of."""
    broken = matrix(MATRIX.replace("toy==1.9.0", first))
    with pytest.raises(ToolError, match="toy/1.9: framework begins with 'toy"):
        outdated.findings(broken, TODAY)


def test_the_findings_are_a_table(release, matrix, capsys):
    """For people, and for the description of a change."""
    release("1.20")
    matrix()
    assert outdated.main([]) == 0
    output, errors = capsys.readouterr()
    assert output.startswith("| What   | In the matrix   | There is   | To do     |\n|---")
    assert (" 1.20 " in output, errors) == (True, "")


def test_nothing_outdated_is_said(release, matrix, capsys):
    """In words."""
    matrix()
    assert outdated.main([]) == 0
    assert capsys.readouterr().out == "Nothing is outdated.\n"


def test_a_failure_is_told_apart(matrix, release, capsys):
    """Exit code 1 and one message."""
    matrix(MATRIX.replace("toy==1.9.0", "toy"))
    assert outdated.main([]) == 1
    assert capsys.readouterr().err.startswith("toy/1.9: framework begins with")


def test_a_pip_that_fails_is_quoted(monkeypatch, matrix, release):
    """Its own words say what is wrong with its configuration."""
    monkeypatch.setenv("PIP_RETRIES", "many")
    with pytest.raises(ToolError, match=r"(?s)`pip index versions toy` failed:.*many"):
        outdated.findings(matrix(), TODAY)


def test_help_says_where_releases_are_looked_for():
    """Pip's own configuration decides."""
    command = [sys.executable, "-m", "tools.outdated", "--help"]
    assert (
        "PIP_INDEX_URL"
        in subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    )
