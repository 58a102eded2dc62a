"""Write performance.md: a template without figures, and tables and plots of the results' JSON."""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.benchmarks import (
    batch,
    ceiling,
    memory,
    paired_tables,
    report,
    scaling_tables,
    setup,
)
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.targets import LEAST, Target, targets

TEMPLATE = setup.ROOT / "experiments" / "benchmarks" / "performance.template.md"
DOCUMENT, FOLDER = "performance.md", "performance"
FILES = ("results", "growth", "memory", "codec", "startup", "profile", "ceiling",
         "protocols", "comparison", "ablation", "batch")  # fmt: skip
NOTHING = "Not measured."

Told = dict[str, Any]


def write(source: Path, output: Path) -> list[Path]:
    """Write the document, and beside it a folder with the plots and the JSON they are made of.

    Args:
        source: the folder of the results' JSON.
        output: the folder of the document.

    Returns:
        What was written.
    """
    from experiments.benchmarks import plots

    folder = output / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if source.resolve() != folder.resolve():
        _copy(source, folder)
    told = read(folder)
    document = output / DOCUMENT
    document.write_text(text(told), encoding="utf-8")
    return [document, *plots.draw(told, folder)]


def _copy(source: Path, folder: Path) -> None:
    """Copy what the document is made of."""
    names = [f"{name}.json" for name in FILES]
    graphs = source.glob("profile-*.svg")
    for path in [*(source / name for name in names), *graphs]:
        if path.exists():
            shutil.copy(path, folder)


def read(folder: Path) -> dict[str, Told]:
    """Read a folder's JSON; what was not measured is empty."""
    paths = {name: folder / f"{name}.json" for name in FILES}
    return {
        name: json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for name, path in paths.items()
    }


def text(told: Mapping[str, Told]) -> str:
    """Return the document."""
    summaries = report.summarise(told["results"]) if told["results"] else []
    reached = targets(summaries, told["codec"], told["memory"], told["batch"])
    parts = {
        "origin": _origin(told["results"]),
        "verdicts": _verdicts(reached),
        "targets": _targets(reached),
        "ceiling": _ceiling(told["ceiling"]),
        "results": _results(summaries),
        "growth": scaling_tables.sections(told["growth"], FOLDER) or NOTHING,
        "memory": _memory(told["memory"]),
        "codec": _codec(told["codec"]),
        "batch": _if_measured(batch.table, told["batch"]),
        "startup": _startup(told["startup"]),
        "profiles": _profiles(told["profile"]),
        "protocols": _if_measured(paired_tables.protocols, told["protocols"]),
        "comparison": _if_measured(paired_tables.comparison, told["comparison"]),
        "ablation": _if_measured(paired_tables.ablation, told["ablation"]),
        "versions": report.versions(told["results"]) if told["results"] else NOTHING,
    }
    written = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]].strip(), written)


def _origin(told: Told) -> str:
    if not told:
        return NOTHING
    rows = [["command", f"`{told['command']}`"], ["date", told["date"]], *told["machine"].items()]
    return report.table(["", ""], [[*row] for row in rows])


def _verdicts(reached: Iterable[Target]) -> str:
    verdicts = [target.verdict for target in reached]
    counts = {name: verdicts.count(name) for name in dict.fromkeys(sorted(verdicts))}
    return ", ".join(f"{count} {name}" for name, count in counts.items()) + "."


def _targets(reached: Iterable[Target]) -> str:
    head = ["target", "bound", "measured", "against", "verdict"]
    return report.table(head, [_target_row(target) for target in reached])


def _target_row(target: Target) -> list[str]:
    bound = f"{'≥' if target.sense == LEAST else '≤'} {_number(target.bound)} {target.unit}"
    found = report.NOTHING if target.found is None else _number(target.found)
    verdict = target.verdict if target.verdict == "met" else f"**{target.verdict}**"
    return [target.words, bound.strip(), found, target.versus, verdict]


def _number(value: float) -> str:
    return "∞" if value == float("inf") else report.number(value)


def _ceiling(told: Told) -> str:
    return f"{_origin(told)}\n{ceiling.table(told)}" if told else NOTHING


def _results(summaries: list[report.Summary]) -> str:
    parts = []
    for case in dict.fromkeys(it.case for it in summaries):
        mine = [it for it in summaries if it.case == case]
        plot = picture(f"benchmark-{case}", CASES[case].title)
        parts.append(f"## {CASES[case].title}\n\n{plot}\n\n{report.case_table(mine)}")
    return "\n".join(parts) or NOTHING


def picture(name: str, title: str, form: str = "svg") -> str:
    """Return a plot as the document shows it."""
    return f"![{title}]({FOLDER}/{name}.{form})"


def _memory(told: Told) -> str:
    if not told:
        return NOTHING
    first, last = told["results"][0], told["results"][-1]
    errors = sum(it["errors"] for it in told["results"])
    head = ["requests", "errors", "PSS MB before", "after", "held MB before", "after",
            "slope, bytes per 1000 requests"]  # fmt: skip
    figures = [it[name] for name in ("pss_mb", "held_mb") for it in (first, last)]
    row = [f"{last['requests']:,}", str(errors), *(f"{it:.1f}" for it in figures)]
    row.append(f"{memory.slope(told):,.0f}")
    plot = picture("memory", "Memory over requests")
    return f"{plot}\n\n{CASES[told['case']].title}:\n\n{report.table(head, [row])}"


def _codec(told: Told) -> str:
    if not told:
        return NOTHING
    words = {
        "memcpy": "memcpy of 16 MiB",
        "decode": "a request of 16 MiB of float32, raw, to an array",
        "encode": "that array to a reply",
        "small": "a [1, 4] request to an array, and that to a reply",
    }
    rows = [[words[name], f"{taken * 1e6:,.1f}"] for name, taken in told["seconds"].items()]
    return report.table(["", "µs"], rows)


def _startup(told: Told) -> str:
    if not told:
        return NOTHING
    head = ["framework", "workers", "health s", "first answer s", "all workers s", "memory MB"]
    rows = [
        [it["framework"], str(it["workers"]), *(f"{it[name]:.2f}" for name in (
            "health_seconds", "answer_seconds", "all_workers_seconds")), f"{it['pss_mb']:.0f}"]
        for it in told["results"]
    ]  # fmt: skip
    return report.table(head, rows)


def _if_measured(tables: Callable[[Told], str], told: Told) -> str:
    return f"{_origin(told)}\n{tables(told)}" if told else NOTHING


def _profiles(told: Told) -> str:
    if not told:
        return NOTHING
    return "\n".join(
        _profile(f"profile-{it['case']}-{name}", f"{CASES[it['case']].title}, the {name}", shares)
        for it in told["results"]
        for name, shares in it["processes"].items()
    )


def _profile(graph: str, title: str, shares: list[tuple[str, float]]) -> str:
    rows = [[f"`{name}`", f"{share:.0%}"] for name, share in shares]
    link = f"[Flame graph]({FOLDER}/{graph}.svg)"
    return f"#### {title}\n\n{link}\n\n{report.table(['function', 'samples'], rows)}"
