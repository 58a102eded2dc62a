"""Make the tables of growth from its JSON: each point with its time per unit of work."""

from typing import Any, NamedTuple

from experiments.benchmarks import report
from experiments.benchmarks.curves import BY_NAME as CURVES
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

Told = dict[str, Any]


class Point(NamedTuple):
    """What a plot and a table need of a point."""

    size: int
    per_second: float
    microseconds_per_work: float
    cpu_microseconds_per_work: float
    p50_ms: float
    p99_ms: float
    errors: int


def by_peer(told: Told, curve: str) -> dict[str, list[Point]]:
    """Return a curve's points that have figures, by peer."""
    found: dict[str, list[Point]] = {}
    for result in told.get("results", []):
        if result["curve"] == curve and not result["problem"]:
            found.setdefault(result["peer"], []).append(_point(curve, result))
    return found


def _point(curve: str, result: Told) -> Point:
    per_second, units = result["requests_per_second"], CURVES[curve].units(result["size"])
    cpu_microseconds = 1000 * result["cpu_seconds_per_thousand"]
    return Point(
        result["size"],
        per_second,
        1e6 / (per_second * units),
        cpu_microseconds / units,
        result["p50_ms"],
        result["p99_ms"],
        result["errors"],
    )


def sections(told: Told, folder: str) -> str:
    """Return the document's part on growth; empty where nothing was measured."""
    measured = dict.fromkeys(it["curve"] for it in told.get("results", []))
    return "\n".join(_section(name, told, folder) for name in measured)


def _section(name: str, told: Told, folder: str) -> str:
    curve = CURVES[name]
    head = [curve.axis, "requests/s", "p50 ms", "p99 ms", "errors"]
    head += [f"µs per {curve.work}", f"CPU µs per {curve.work}"]
    tables = [
        f"{PEERS[peer].title}:\n\n" + report.table(head, [_row(point) for point in points])
        for peer, points in by_peer(told, name).items()
    ]
    problems = [f"- {PEERS[it['peer']].title}, {it['size']}: {report.one_line(it['problem'])}\n"
                for it in told["results"] if it["curve"] == name and it["problem"]]  # fmt: skip
    plot = f"![{curve.title}]({folder}/growth-{name}.svg)\n"
    return "\n".join([f"### {curve.title}\n", plot, *tables, "".join(problems)])


def _row(point: Point) -> list[str]:
    figures = (point.per_second, point.p50_ms, point.p99_ms)
    shown = [f"{point.size:,}", *map(report.number, figures), str(point.errors)]
    costs = (point.microseconds_per_work, point.cpu_microseconds_per_work)
    return [*shown, *map(report.number, costs)]
