"""Makes the table and the plots of a benchmark from its JSON, and nothing that is not in there."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cases import BY_NAME as CASES
from benchmarks.peers.registry import BY_NAME as PEERS

FIGURES = ("requests_per_second", "p50_ms", "p99_ms", "cpu_seconds_per_thousand", "pss_mb",
           "cold_start_seconds")  # fmt: skip
OURS = "serving-runtime"
NOTHING = "–"
TABLE, PLOT_FORMATS = "benchmarks.md", ("png", "svg")

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


def write(told: Told, folder: Path) -> list[Path]:
    """Write the table and the plots into a folder; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    summaries = summarise(told)
    table = folder / TABLE
    table.write_text(markdown(told, summaries), encoding="utf-8")
    return [table, *_plots(summaries, folder)]


def markdown(told: Told, summaries: Sequence[Summary]) -> str:
    """Return the whole report as Markdown: a table a case, and what it was measured on."""
    cases = dict.fromkeys(it.case for it in summaries)
    parts = [_case_table(name, [it for it in summaries if it.case == name]) for name in cases]
    return "\n".join([*parts, _origin(told)])


def _case_table(case: str, summaries: list[Summary]) -> str:
    shapes = list(dict.fromkeys(it.shape for it in summaries))
    peers = [name for name in PEERS if any(it.peer == name for it in summaries)]
    head = ["", *(f"{shape_title(it)}: /s (p50, p99 ms)" for it in shapes)]
    head += ["CPU s per 1000", "memory MB", "cold start s", "errors"]
    rows = [_row(name, shapes, [it for it in summaries if it.peer == name]) for name in peers]
    return f"### {CASES[case].title}\n\n{_table(head, rows)}{_notes(summaries)}"


def shape_title(shape: str) -> str:
    """Return what a table calls a shape: `64 at a time`, or `64 on 1 connection`."""
    callers, _, connections = shape.partition("/")
    if not connections:
        return f"{callers} at a time"
    return f"{callers} on {connections} connection{'s' if connections != '1' else ''}"


def _row(peer: str, shapes: Iterable[str], summaries: list[Summary]) -> list[str]:
    by_shape = {it.shape: it for it in summaries}
    title = PEERS[peer].title
    title = f"**{title}**" if peer == OURS else f"*{title}*" if PEERS[peer].is_limit else title
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
    shown = f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.3g}"
    return f"{shown} ({summary.figures['p50_ms']:.3g}, {summary.figures['p99_ms']:.3g})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def _notes(summaries: Iterable[Summary]) -> str:
    """Say once a peer why it has no figures."""
    problems = {it.peer: it.problem for it in summaries if it.problem}
    lines = [f"- {PEERS[name].title}: {_one_line(text)}\n" for name, text in problems.items()]
    return "\n" + "".join(lines) if lines else ""


def _one_line(text: str) -> str:
    return text.partition("\n")[0].replace("|", "/")[:200]


def _origin(told: Told) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in told["machine"].items())
    lines = [f"Made by `{told['command']}` on {told['date']}; {machine}.", "Versions:"]
    for peer, versions in told["versions"].items():
        packages = ", ".join(f"{name} {value}" for name, value in versions.items())
        lines.append(f"- {PEERS[peer].title}: {packages}")
    return "\n".join(lines) + "\n"


def _plots(summaries: Sequence[Summary], folder: Path) -> list[Path]:
    from benchmarks import plots

    return [
        path
        for case in dict.fromkeys(it.case for it in summaries)
        for path in plots.draw(case, [it for it in summaries if it.case == case], folder)
    ]
