"""Measure batch scoring beside the loop that one writes by hand, in turns, over the same file."""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from experiments.benchmarks import measure, report, results, setup
from experiments.benchmarks.peers import SERVERS

ENVIRONMENT, FILE = "batch", "batch.json"
ROWS, ROUNDS, CHUNK = 10_000_000, 2, 8192
# Which share of the rows: where the model is the cost, fewer tell as much.
CASES = {"iris": 1.0, "forest": 0.3}
TITLES = {"iris": "iris, logistic regression", "forest": "iris, a forest of 100 trees"}
LOOP, ONE, ALL = "loop", "one process", "a process for each CPU"
POLL_SECONDS = 0.25


class Spent(NamedTuple):
    """What a program took: the memory is the most that its processes held together."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    problem: str


def describe(verb: argparse.ArgumentParser) -> None:
    """Describe the verb's own arguments."""
    verb.add_argument("--rows", type=int, default=ROWS, help=f"of iris (default {ROWS:,})")
    verb.add_argument("--rounds", type=int, default=ROUNDS, help=f"(default {ROUNDS})")


def run(rows: int, rounds: int, path: Path) -> int:
    """Measure, and write what was; returns how many results have a problem.

    Raises:
        SetUpError: the environment cannot be made, or the rows.
    """
    setup.make(ENVIRONMENT)
    return results.as_they_come(results.origin([], []), _results(rows, rounds), path)


def _results(rows: int, rounds: int) -> Iterator[dict[str, Any]]:
    for case, share in CASES.items():
        count = max(1, int(rows * share))
        folder = _made(case, count)
        for _ in range(rounds):
            for way, command in _ways(folder).items():
                shutil.rmtree(folder / "scores", ignore_errors=True)
                spent = _checked(_spent(command, folder), way, folder)
                print(
                    f"batch  {case:<8} {count:>10,} rows  {way:<24} {spent.seconds:7.1f} s"
                    f"  {count / spent.seconds:>12,.0f} rows/s  {spent.peak_mb:6.0f} MB",
                    flush=True,
                )
                yield {"case": case, "way": way, "rows": count, **spent._asdict()}


def _made(case: str, rows: int) -> Path:
    """Return a folder with a case's model and rows, which are made once."""
    folder = setup.BUILD / "batch" / f"{case}-{rows}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        made = _run(_loop("make", case, str(rows), str(unfinished)))
        if made.returncode:
            raise setup.SetUpError(f"the rows of {case} were not made:\n{made.stdout[-2000:]}")
        unfinished.rename(folder)
    return folder


def _ways(folder: Path) -> dict[str, list[str]]:
    ours = [str(setup.interpreter(ENVIRONMENT)), "-m", "serving_runtime.cli", "batch"]
    ours += [str(folder / "model"), "--input", str(folder / "rows.parquet"), "--keep", "id"]
    ours += ["--output", str(folder / "scores"), "--signature", "predict"]
    ours += ["--rows-per-call", str(CHUNK)]
    one, cpus = ([*ours, "--workers", str(it)] for it in (1, len(os.sched_getaffinity(0))))
    return {LOOP: _loop("score", str(folder), str(CHUNK)), ONE: one, ALL: cpus}


def _loop(*arguments: str) -> list[str]:
    return [str(setup.interpreter(ENVIRONMENT)), str(SERVERS / "batch_loop.py"), *arguments]


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _spent(command: list[str], folder: Path) -> Spent:
    """Run a program, its start included, and watch its processes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    peak = 0.0
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        while True:
            try:
                code = process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, measure.use(process.pid).pss_mb)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(seconds, cpu, peak, (folder / "log").read_text()[-500:] if code else "")


def _checked(spent: Spent, way: str, folder: Path) -> Spent:
    """Return what was spent, with a problem if the results are not the loop's."""
    if spent.problem or way == LOOP:
        return spent
    compared = _run(_loop("compare", str(folder), str(folder / "scores")))
    return spent._replace(problem=compared.stdout if compared.returncode else "")


def ratios(told: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Return how fast each way is beside the loop, by case and way: medians, right results only."""
    found = {}
    for case in CASES:
        loop = _median(told, case, LOOP, "seconds")
        for way in (LOOP, ONE, ALL):
            seconds = _median(told, case, way, "seconds")
            if loop is not None and seconds is not None:
                found[case, way] = loop / seconds
    return found


def table(told: Mapping[str, Any]) -> str:
    """Return the table of the document."""
    head = ["", "rows", "", "rows/s", "of the loop's", "CPU s per million", "most memory MB"]
    return report.table(head, [_row(told, *key, it) for key, it in ratios(told).items()])


def _row(told: Mapping[str, Any], case: str, way: str, ratio: float) -> list[str]:
    seconds, cpu, peak = (
        _median(told, case, way, name) or 0.0 for name in ("seconds", "cpu_seconds", "peak_mb")
    )
    rows = next(it["rows"] for it in told["results"] if it["case"] == case)
    figures = f"{rows / seconds:,.0f}", f"{ratio:.2f}", f"{cpu / rows * 1e6:.2f}", f"{peak:.0f}"
    return [TITLES[case], f"{rows:,}", way, *figures]


def _median(told: Mapping[str, Any], case: str, way: str, name: str) -> float | None:
    mine = [it for it in told["results"] if (it["case"], it["way"]) == (case, way)]
    if not mine or any(it["problem"] for it in mine):
        return None
    return float(statistics.median(it[name] for it in mine))
