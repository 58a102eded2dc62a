"""Take rows from nothing to images with names: build, verify, test. One that fails stops there."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import docker
from tools.command_line import ToolError, progress
from tools.images import building, layers, measuring, testing, verifying
from tools.images.report import Outcome
from tools.offline import bases
from tools.rows import Row

MAX_RESULT = 80
MAX_FAILURES = 10
MAX_FAILURE = 4000


def build(rows: Sequence[Row], root: Path) -> list[Outcome]:
    """Build each row's candidate, as many at the same time as there are processors."""
    # Bases first: rows share them.
    outcomes = [_passed(_based, Outcome(row, "built"), root) for row in rows]
    with ThreadPoolExecutor(os.cpu_count()) as builds:
        return list(builds.map(lambda outcome: _passed(_built, outcome, root), outcomes))


def verify(outcomes: Sequence[Outcome], root: Path) -> list[Outcome]:
    """Measure and test candidates; those that are what their rows promise get the rows' names."""
    measured = [_passed(_served, _passed(_compared, outcome, root), root) for outcome in outcomes]
    good = [outcome.row for outcome in measured if outcome.is_good]
    results = testing.run(good, root) if good else {}
    tested = [_tested(outcome, results.get(outcome.row.name)) for outcome in measured]
    return [_passed(_named, outcome, root) for outcome in tested]


def reproduce(outcomes: Sequence[Outcome], root: Path) -> list[Outcome]:
    """Build candidates once more from nothing, and compare the two file by file."""
    return [_passed(_reproduced, outcome, root) for outcome in outcomes]


def _passed(stage: Callable[[Outcome, Path], Outcome], outcome: Outcome, root: Path) -> Outcome:
    """Take a row through a stage, unless it has failed before; print a line if it fails here."""
    if not outcome.is_good:
        return outcome
    try:
        return stage(outcome, root)
    except ToolError as error:
        progress(outcome.row.name, f"failed:\n{error}")
        # What a table has room for; builders say what went wrong last.
        last = -1 if isinstance(error, docker.DockerError) else 0
        return _failed(outcome, str(error).strip().splitlines()[last])


def _failed(outcome: Outcome, why: str) -> Outcome:
    return outcome._replace(result=f"failed: {why[:MAX_RESULT]}", is_good=False)


def _based(outcome: Outcome, _root: Path) -> Outcome:
    base = outcome.row.base
    progress(outcome.row.name, f"base {base}: {bases.ensure(base)}")
    return outcome


def _built(outcome: Outcome, root: Path) -> Outcome:
    row = outcome.row
    seconds = building.build(row, root, lambda step: progress(row.name, step))
    size_bytes = measuring.size_bytes(row)
    megabytes = f"{size_bytes / 1e6:.0f} MB"
    progress(row.name, f"built in {seconds:.0f} s as {row.candidate}, {megabytes}")
    return outcome._replace(build_seconds=seconds, size_bytes=size_bytes)


def _compared(outcome: Outcome, root: Path) -> Outcome:
    found = verifying.problems(outcome.row, root, outcome.row.candidate)
    for problem in found:
        progress(outcome.row.name, problem)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return _failed(outcome, f"{found[0][: MAX_RESULT - len(more)]}{more}")
    return outcome


def _served(outcome: Outcome, root: Path) -> Outcome:
    measured = outcome._replace(**measuring.service(outcome.row, root)._asdict())
    _, _, _, started, memory, _ = measured.cells
    text = f"is what its row promises, serves after {started}, takes {memory}"
    progress(outcome.row.name, text)
    return measured


def _tested(outcome: Outcome, result: testing.Result | None) -> Outcome:
    if not outcome.is_good:
        return outcome
    if result is None:
        return outcome._replace(result="no test ran", is_good=False)
    for failure in result.failures[:MAX_FAILURES]:  # again: what pytest said is far above
        progress(outcome.row.name, f"failed: {_shortened(failure)}")
    return outcome._replace(result=str(result), is_good=not result.failures)


def _shortened(text: str) -> str:
    """Leave out the middle of what is too long: a log has its reason at the end."""
    half = MAX_FAILURE // 2
    return text if len(text) <= MAX_FAILURE else f"{text[:half]}\n[…]\n{text[-half:]}"


def _named(outcome: Outcome, _root: Path) -> Outcome:
    building.give_names(outcome.row)
    progress(outcome.row.name, f"verified: {', '.join(outcome.row.references)}")
    return outcome


def _reproduced(outcome: Outcome, root: Path) -> Outcome:
    row, again = outcome.row, f"{outcome.row.candidate}-again"
    building.build(
        row, root, lambda step: progress(row.name, f"again: {step}"), name=again, fresh=True
    )
    try:
        found = list(layers.differences(row.candidate, again))
    finally:
        docker.output("rmi", again)
    for difference in found:
        progress(row.name, difference)
    if found:
        return _failed(outcome, f"{len(found)} files differ")
    return outcome._replace(result="the same layers twice")
