"""Make the tables of a comparison from its JSON, and nothing that is not in there."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from experiments.benchmarks.peers import serving_runtime
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

FIGURES = ("requests_per_second", "p50_ms", "p99_ms", "cpu_seconds_per_thousand", "pss_mb",
           "cold_start_seconds")  # fmt: skip
OURS = "serving-runtime"
_OWN = frozenset(peer.name for peer in serving_runtime.PEERS)
NOTHING = "–"

Told = dict[str, Any]


class Summary(NamedTuple):
    """A peer's figures for one case and shape: the medians of its rounds."""

    peer: str
    case: str
    shape: str
    figures: dict[str, float]
    errors: int
    problem: str


def summarise(told: Told) -> list[Summary]:
    """Take the median of each figure over the rounds that were answered rightly.

    A peer that gave one wrong answer has no figures at all: what it did in the other rounds may
    have been wrong too, and only the two answers that were looked at were not.
    """
    groups: dict[tuple[str, str, str], list[Told]] = {}
    for result in told["results"]:
        groups.setdefault((result["peer"], result["case"], result["shape"]), []).append(result)
    return [_summary(key, results) for key, results in groups.items()]


def _summary(key: tuple[str, str, str], results: list[Told]) -> Summary:
    problem = next((it["problem"] for it in results if it["problem"]), "")
    figures = {name: statistics.median(it[name] for it in results) for name in FIGURES}
    errors = sum(it["errors"] for it in results)
    return Summary(*key, {} if problem else figures, errors, problem)


def case_table(summaries: Sequence[Summary]) -> str:
    """Return a case's table, and why peers have no figures."""
    shapes = list(dict.fromkeys(it.shape for it in summaries))
    peers = [name for name in PEERS if any(it.peer == name for it in summaries)]
    head = ["", *(shape_title(it) for it in shapes)]
    head += ["CPU s per 1000", "memory MB", "cold start s", "errors"]
    rows = [_row(name, shapes, [it for it in summaries if it.peer == name]) for name in peers]
    return table(head, rows) + _notes(summaries)


def shape_title(shape: str) -> str:
    """Return what a table calls a shape: `64 at a time`, or `64 on 1 connection`."""
    callers, _, connections = shape.partition("/")
    if not connections:
        return f"{callers} at a time"
    return f"{callers} on {connections} connection{'s' if connections != '1' else ''}"


def is_ours(peer: str) -> bool:
    """Return whether a peer is our service, over whichever protocol."""
    return peer in _OWN


def _row(peer: str, shapes: Iterable[str], summaries: list[Summary]) -> list[str]:
    by_shape = {it.shape: it for it in summaries}
    title = PEERS[peer].title
    title = f"**{title}**" if is_ours(peer) else f"*{title}*" if PEERS[peer].is_limit else title
    speeds = [_speed(by_shape.get(shape)) for shape in shapes]
    errors = sum(it.errors for it in summaries)
    last = next((it for it in reversed(summaries) if it.figures), None)
    if last is None:
        return [title, *speeds, NOTHING, NOTHING, NOTHING, str(errors)]
    memory = max(it.figures["pss_mb"] for it in summaries if it.figures)
    cpu, start = last.figures["cpu_seconds_per_thousand"], last.figures["cold_start_seconds"]
    return [title, *speeds, f"{cpu:.3g}", f"{memory:.0f}", f"{start:.2f}", str(errors)]


def _speed(summary: Summary | None) -> str:
    if summary is None:
        return NOTHING
    if not summary.figures:
        return "failed"
    per_second = summary.figures["requests_per_second"]
    latencies = f"{number(summary.figures['p50_ms'])}, {number(summary.figures['p99_ms'])}"
    return f"{number(per_second)} ({latencies})"


def number(value: float) -> str:
    """Return a number with three digits, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown whose first column is text, and the others numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def _notes(summaries: Iterable[Summary]) -> str:
    """Return why peers have no figures, once each."""
    problems = {it.peer: it.problem for it in summaries if it.problem}
    lines = [f"- {PEERS[name].title}: {one_line(text)}\n" for name, text in problems.items()]
    return "\n" + "".join(lines) if lines else ""


def one_line(text: str) -> str:
    """Return the beginning of a problem, as a table or a list can have it."""
    return text.partition("\n")[0].replace("|", "/")[:200]


def versions(told: Told) -> str:
    """Return a list of the peers' packages and their versions."""
    lines = []
    for peer, found in told["versions"].items():
        packages = ", ".join(f"{name} {version}" for name, version in found.items())
        lines.append(f"- {PEERS[peer].title}: {packages}")
    return "\n".join(lines)
