"""Say what each part of a lane took, which is over its budget, and which failed."""

from collections.abc import Iterable, Sequence

from tests.lanes.budgets import Lane
from tests.lanes.closing import Counts, line_of
from tests.lanes.running import Result

MAX_LAST_LINES = 40


def text_of(lane: Lane, results: Sequence[Result], seconds: float) -> str:
    """Return the table of the times; a time that is over its budget is a warning, no failure."""
    width = max(len(it.part) for it in results)
    lines = [f"{'part':<{width}}  took  of budget"]
    lines += [f"{it.part:<{width}}  {_times(lane, it)}" for it in results]
    over = "  OVER ITS BUDGET" if seconds > lane.seconds else ""
    lines.append(f"{'in all':<{width}}  {seconds:>4.0f} s  {lane.seconds:>5} s{over}")
    return "\n".join(lines)


def _times(lane: Lane, result: Result) -> str:
    budget = lane.budget_of(result.part)
    failed = "  FAILED" if result.code else ""
    over = "  OVER ITS BUDGET" if result.seconds > budget else ""
    return f"{result.seconds:>4.0f} s  {budget:>5} s{failed}{over}"


def last_lines(text: str) -> str:
    """Return the end of a part's output, where its failures are named."""
    return "\n".join(text.splitlines()[-MAX_LAST_LINES:])


def closing_line(results: Iterable[Result], seconds: float) -> str:
    """Return one closing line, as pytest's, for all parts.

    A part that failed without a test that did, as the style check does, counts as an error.
    """
    counts = [
        it.counts if not it.code or it.counts["failed"] else it.counts + Counts(error=1)
        for it in results
    ]
    return line_of(counts, seconds)
