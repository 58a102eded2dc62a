import sys
import threading

import pytest

from tests.lanes import budgets, report
from tests.lanes.closing import Counts, counts_of, line_of
from tests.lanes.running import Result, Runner

LANE = budgets.read(
    "test: {command: make, seconds: 9, what: all, parts: {'*': {seconds: 5, what: any}}}"
)["test"]


@pytest.fixture
def shown():
    """What a run has shown."""
    return []


@pytest.fixture
def run(tmp_path, shown):
    """Return a function that runs programs of Python side by side."""
    runner = Runner(2, tmp_path / "logs", shown.append)
    return lambda **programs: runner.run(
        {part: [sys.executable, "-c", text] for part, text in programs.items()}
    )


def test_each_line_is_shown_behind_its_part_and_kept(run, shown, tmp_path):
    """Parts that run side by side can be told apart, and read alone afterwards."""
    run(one="print('first'); print('second')", other="print('third')")
    assert sorted(shown) == ["one   | first", "one   | second", "other | third"]
    assert (tmp_path / "logs" / "one.log").read_text() == "first\nsecond\n"


def test_what_a_part_says_is_shown_while_it_runs(tmp_path):
    """Nobody waits for the end of a part to see how it does."""
    seen = threading.Event()
    gate = tmp_path / "gate"
    runner = Runner(1, tmp_path, lambda line: (gate.touch(), seen.set()))
    program = (
        f"import os, sys\nprint('begun', flush=True)\nwhile not os.path.exists({str(gate)!r}): pass"
    )
    (result,) = runner.run({"part": [sys.executable, "-c", program]})
    assert result.code == 0
    assert seen.is_set()


def test_results_have_codes_and_counts_in_the_parts_order(run):
    """A part that fails stops no other."""
    bad, good = run(
        bad="print('1 failed, 2 passed in 0.5s'); exit(3)", good="print('3 passed in 1.00s')"
    )
    assert (bad.part, bad.code, bad.counts) == ("bad", 3, Counts(failed=1, passed=2))
    assert (good.part, good.code, good.counts) == ("good", 0, Counts(passed=3))


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("4 passed in 0.01s", Counts(passed=4)),
        ("=== 1 failed, 2 passed, 3 skipped, 9 deselected in 61.20s (0:01:01) ===",
         Counts(failed=1, passed=2, skipped=3)),
        ("12 deselected in 0.10s", Counts()),
        ("waited 4 passed in 0.01s", Counts()),
        ("unit | 4 passed in 0.01s", Counts()),
    ],
)  # fmt: skip
def test_only_pytests_own_closing_lines_count(line, counts):
    """Whether it is quiet or not; what only looks like one does not."""
    assert counts_of(line) == counts


def test_a_run_closes_as_pytest_does():
    """What reads the last line of pytest's reads the sum of all parts."""
    line = line_of([Counts(passed=3, skipped=1), Counts(passed=4)], 12.345)
    assert line == "==== 7 passed, 1 skipped in 12.35s ===="
    assert counts_of(line) == Counts(passed=7, skipped=1)


def test_the_report_names_what_is_over_its_budget_and_what_failed():
    """A time is a warning; only a part that failed is a failure."""
    results = [
        Result("quick", 0, 4.0, Counts(passed=1)),
        Result("slow", 0, 6.0, Counts(passed=1)),
        Result("wrong", 1, 1.0, Counts()),
    ]
    text = report.text_of(LANE, results, 10.0).splitlines()
    assert text[1] == "quick     4 s      5 s"
    assert text[2] == "slow      6 s      5 s  OVER ITS BUDGET"
    assert text[3] == "wrong     1 s      5 s  FAILED"
    assert text[4] == "in all    10 s      9 s  OVER ITS BUDGET"
    assert report.closing_line(results, 10.0) == "==== 2 passed, 1 error in 10.00s ===="
