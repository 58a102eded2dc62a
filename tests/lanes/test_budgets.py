import fnmatch
import re
import subprocess

import pytest

from tests.lanes import budgets
from tools.rows.reader import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def targets():
    """Return the verbs of the Makefile."""
    return set(re.findall(r"^([\w-]+%?):(?!=)", MAKEFILE, re.MULTILINE))


def test_the_lanes_are_the_three_of_the_makefile_and_ci():
    """Each later check goes into one of them."""
    commands = [lane.command for lane in budgets.LANES.values()]
    assert commands == ["make test", ".ci/run", "make nightly"]


@pytest.mark.parametrize("lane", budgets.LANES)
def test_a_part_is_a_verb(lane):
    """What a lane runs, anybody can run by itself."""
    names = [part.name for part in budgets.LANES[lane].parts]
    assert [name for name in names if re.sub(r"^unit-.*", "unit-%", name) not in targets()] == []


@pytest.mark.parametrize("lane", ["test", "nightly"])
def test_each_part_that_make_runs_has_a_budget(lane):
    """And each budget is that of a part."""
    dry = subprocess.run(
        ["make", "--dry-run", lane], cwd=ROOT, check=True, capture_output=True, text=True
    )
    command = dry.stdout.replace("\\\n", " ").partition(f" tests.lanes run {lane} ")[2]
    parts = [word for word in command.split() if not word.isdigit() and word != "--jobs"]
    assert len(parts) > 5
    budgeted = budgets.LANES[lane]
    assert [part for part in parts if not budgeted.budget_of(part)] == []
    unused = [it.name for it in budgeted.parts if not fnmatch.filter(parts, it.name)]
    assert unused == []


@pytest.mark.parametrize(
    ("part", "seconds"), [("lint", 1), ("unit-py3.6", 2), ("unit-some-test-1.0", 3)]
)
def test_a_budget_is_that_of_the_first_name_that_fits(part, seconds):
    """A framework that joins has its budget by a pattern."""
    text = (
        "test: {command: make, seconds: 9, what: all, parts: {lint: {seconds: 1, what: a},"
        " unit-py*: {seconds: 2, what: b}, unit-*: {seconds: 3, what: c}}}"
    )
    lane = budgets.read(text)["test"]
    assert lane.budget_of(part) == seconds


def test_a_part_without_a_budget_is_refused():
    """A check that joins a lane says what it may take."""
    with pytest.raises(KeyError, match="new has no budget in the lane test: set one in"):
        budgets.LANES["test"].budget_of("new")


def test_contributing_has_the_budgets():
    """Its table is what `python -m tests.lanes table` prints."""
    assert budgets.table() in CONTRIBUTING


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 s"), (180, "180 s"), (600, "10 min"), (10800, "3 h")]
)
def test_times_are_in_words(seconds, words):
    """Nobody has to divide by 60."""
    assert budgets.in_words(seconds) == words
