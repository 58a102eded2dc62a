"""What experiments with clients that stall have in common: others who call meanwhile, and goals."""

import argparse
from typing import NamedTuple

from experiments.reliability.experiment import Findings, Goal

MAX_KIB_EACH = 32


class Beside(NamedTuple):
    """What became of those who called beside the stalled, and how much the front has grown."""

    answered: int
    failed: int
    unhealthy: int
    grown_bytes: int

    @property
    def line(self) -> str:
        """What is told of it while the experiment goes on."""
        return f"{self.answered} answers, {self.failed} failures, {self.grown_bytes} bytes more"


def describe_callers(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of those who call meanwhile."""
    add = parser.add_argument
    add("--callers", type=int, default=8, help="healthy clients meanwhile (default 8)")
    add("--calls", type=int, default=20_000, help="that they have answered (default 20000)")
    add("--checks", type=int, default=100, help="of health meanwhile (default 100)")


def findings(counts: dict[str, int], what: str, found: Beside, checks: int, life: Goal) -> Findings:
    """Return what was found.

    Args:
        counts: how many stalled, first, and what else there was of them.
        what: one of them is called.
        found: of those who called meanwhile.
        checks: how often they asked for health.
        life: the goal for how long one lives.
    """
    each = found.grown_bytes / 1024 / next(iter(counts.values()))
    goals = [
        Goal("healthy calls that failed", found.failed, at_most=0),
        Goal("health checks that failed", found.unhealthy, at_most=0),
        Goal(f"the front's memory for a {what}", each, "KiB", at_most=MAX_KIB_EACH),
        life,
    ]
    return Findings({**counts, "healthy calls": found.answered, "health checks": checks}, goals)
