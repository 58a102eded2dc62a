"""What an experiment is: a promise of the service, and a way to try it as often as one likes."""

import argparse
import math
import shlex
from collections.abc import Callable
from typing import Any, NamedTuple


class Goal(NamedTuple):
    """A figure with a bound: ``at_most``, ``at_least``, or both.

    ``measured`` is None if there was nothing to measure.
    """

    what: str
    measured: float | None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure is there and keeps within its bounds."""
        if self.measured is None or math.isnan(self.measured):
            return False
        above = self.at_least is None or self.measured >= self.at_least
        below = self.at_most is None or self.measured <= self.at_most
        return above and below


class Findings(NamedTuple):
    """What came of an experiment.

    ``counts`` says how often everything was tried (``{"kills": 1000, "requests": 52341}``), which
    is published beside the goals; ``figures`` is whatever else is told or drawn.
    """

    counts: dict[str, int]
    goals: list[Goal]
    figures: dict[str, Any] = {}

    @property
    def missed(self) -> list[Goal]:
        """The goals that were not met."""
        return [goal for goal in self.goals if not goal.is_met]

    @property
    def wrong(self) -> list[Goal]:
        """Those of them that are no times, which a busy machine may miss by itself."""
        return [goal for goal in self.missed if goal.unit not in ("s", "ms")]


class Experiment(NamedTuple):
    """One experiment: a verb of ``python -m experiments.reliability``.

    ``describe`` adds its arguments, whose defaults are the published size; ``run`` tries it, and
    calls the function that it is given with a line of progress now and then.
    """

    name: str
    promise: str
    describe: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Callable[[str], None]], Findings]

    def try_with(self, words: str) -> Findings:
        """Try it with the arguments of a command line."""
        parser = argparse.ArgumentParser()
        self.describe(parser)
        return self.run(parser.parse_args(shlex.split(words)), print)
