"""Writes docs/reliability.md: a template in words, and what the results' JSON says."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.benchmarks import report
from experiments.reliability import plots
from experiments.reliability.experiment import Experiment, Goal
from experiments.reliability.registry import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).with_name("reliability.template.md")
NOTHING = "Not run yet."
PLACE = re.compile(r"\{\{([\w-]+)\}\}")

Told = Mapping[str, Any]


def write(results: Path) -> Path:
    """Write the document beside the folder of results, and the plots into it.

    Where there is no matplotlib, the plots are left as they are.

    Returns:
        The document's path.
    """
    told = read(results)
    document = results.with_suffix(".md")
    document.write_text(text(told, results.name), encoding="utf-8")
    if plots.can_draw():
        plots.draw(told, results)
    return document


def read(results: Path) -> dict[str, Told]:
    """Read a folder's JSON, by experiment; what was not run is absent."""
    paths = {it.name: results / f"{it.name}.json" for it in EXPERIMENTS}
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if path.exists()
    }


def text(told: Mapping[str, Told], folder: str = "reliability") -> str:
    """Return the document.

    Args:
        told: the results by experiment.
        folder: where the document finds its plots.
    """
    template = TEMPLATE.read_text(encoding="utf-8")
    parts = {it.name: _section(it, told.get(it.name), folder) for it in EXPERIMENTS}
    unnamed = [it for it in EXPERIMENTS if it.name not in PLACE.findall(template)]
    parts["table"] = _table(told)
    parts["verdicts"] = _verdicts(told)
    parts["others"] = "\n\n".join(f"## {_title(it)}\n\n{parts[it.name]}" for it in unnamed)
    written = PLACE.sub(lambda found: parts[found[1]].strip(), template)
    return written.rstrip() + "\n"


def _title(experiment: Experiment) -> str:
    return experiment.name.replace("-", " ").capitalize()


def _promise(experiment: Experiment) -> str:
    """Return the promise as a sentence."""
    return experiment.promise[0].upper() + experiment.promise[1:].rstrip(".") + "."


def _table(told: Mapping[str, Told]) -> str:
    head = ["promise", "tried", "goals met"]
    return report.table(head, [_row(it, told.get(it.name)) for it in EXPERIMENTS])


def _row(experiment: Experiment, told: Told | None) -> list[str]:
    promise = f"{_title(experiment)}: {_promise(experiment)}"
    if told is None:
        return [promise, report.NOTHING, NOTHING]
    met = [it["is_met"] for it in told["goals"]]
    verdict = f"{sum(met)} of {len(met)}"
    return [promise, _counted(told), verdict if all(met) else f"**{verdict}**"]


def _counted(told: Told) -> str:
    """Return the two counts that an experiment tells first."""
    return ", ".join(f"{count:,} {_words(name)}" for name, count in [*told["counts"].items()][:2])


def _verdicts(told: Mapping[str, Told]) -> str:
    met = [goal["is_met"] for each in told.values() for goal in each["goals"]]
    missing = len(EXPERIMENTS) - len(told)
    parts = [f"Goals: {sum(met)} met, {len(met) - sum(met)} not met"]
    parts += [f"{missing} of {len(EXPERIMENTS)} experiments not run yet"] if missing else []
    return "; ".join(parts) + "."


def _section(experiment: Experiment, told: Told | None, folder: str) -> str:
    """Return what is promised, and what came of trying it."""
    promise = f"**Promised:** {_promise(experiment)}"
    if told is None:
        command = f"`python -m experiments.reliability {experiment.name}`"
        return f"{promise}\n\n{NOTHING} The command is {command}."
    return "\n\n".join([promise, _origin(told), _goals(told), *_pictures(experiment, told, folder)])


def _origin(told: Told) -> str:
    """Return how, when and on what it was tried, and how often."""
    machine = told["machine"]
    counts = ", ".join(f"{count:,} {_words(name)}" for name, count in told["counts"].items())
    return (
        f"**Tried:** `{told['command']}` on {told['date']}, commit {machine['commit']}, "
        f"{machine['cores']} cores, {_lasted(told['seconds'])}: {counts}."
    )


def _lasted(seconds: float) -> str:
    return f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:,.0f} seconds"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _goals(told: Told) -> str:
    goals = [Goal(**{name: it[name] for name in Goal._fields}) for it in told["goals"]]
    head = ["goal", "bound", "measured", "verdict"]
    return report.table(head, [_goal_row(goal) for goal in goals]).strip()


def _goal_row(goal: Goal) -> list[str]:
    verdict = "met" if goal.is_met else "**not met**"
    return [goal.what, _bounds(goal), _measured(goal), verdict]


def _measured(goal: Goal) -> str:
    return "nothing" if goal.measured is None else f"{_number(goal.measured)} {goal.unit}".strip()


def _bounds(goal: Goal) -> str:
    least = [] if goal.at_least is None else [f"at least {_number(goal.at_least)}"]
    most = [] if goal.at_most is None else [f"at most {_number(goal.at_most)}"]
    return " and ".join(least + most)


def _number(value: float) -> str:
    """Return all digits of a whole number, and four of another one."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _pictures(experiment: Experiment, told: Told, folder: str) -> Iterable[str]:
    if experiment.name in plots.PLOTS and told["figures"]:
        yield f"![{_title(experiment)}]({folder}/{experiment.name}.svg)"


def in_words(goal: Goal) -> str:
    """Return a goal as a line: what was measured, and what it is held against."""
    return f"{goal.what}: {_measured(goal)} ({_bounds(goal)})"
