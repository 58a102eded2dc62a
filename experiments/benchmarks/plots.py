"""Draw the plots of a performance document, each as PNG and SVG."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import LogLocator, MaxNLocator

from experiments.benchmarks import memory, scaling_tables
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.curves import BY_NAME as CURVES
from experiments.benchmarks.drawing import save
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.report import Summary, is_ours, shape_title, summarise

OURS_COLOUR, PEER_COLOUR, LIMIT_COLOUR = "#0b62b5", "#a9b2bd", "#dde2e8"
# Lines of peers and limits: dark enough to be seen.
LINE_COLOURS = {"triton": "#d9822b", "limit-queue": "#7a8594"}
PANEL_INCHES, BAR_INCHES, MARGIN_INCHES, LABEL_INCHES = 2.9, 0.27, 1.0, 2.2
GROWTH_INCHES = (10, 3.8)

Told = dict[str, Any]


def draw(told: Mapping[str, Told], folder: Path) -> list[Path]:
    """Draw all that was measured; returns the files."""
    figures = [*_comparisons(told["results"]), *_growths(told["growth"]), *_memory(told["memory"])]
    return [path for name, figure in figures for path in save(figure, folder / name)]


def _comparisons(told: Told) -> Iterator[tuple[str, Any]]:
    summaries = summarise(told) if told else []
    for case in dict.fromkeys(it.case for it in summaries):
        mine = [it for it in summaries if it.case == case]
        peers = [name for name in PEERS if any(it.peer == name and it.figures for it in mine)]
        if peers:
            yield f"benchmark-{case}", _bars(case, mine, peers)


def _bars(case: str, summaries: Sequence[Summary], peers: Sequence[str]):
    from matplotlib import pyplot

    shapes = list(dict.fromkeys(it.shape for it in summaries))
    size = (LABEL_INCHES + PANEL_INCHES * len(shapes), MARGIN_INCHES + BAR_INCHES * len(peers))
    figure, axes = pyplot.subplots(
        1, len(shapes), figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for shape, axis in zip(shapes, axes[0]):
        _panel(axis, shape, peers, [it for it in summaries if it.shape == shape])
    axes[0][0].invert_yaxis()  # of all panels: they share it
    for label, peer in zip(axes[0][0].get_yticklabels(), peers):
        label.set_fontweight("bold" if is_ours(peer) else "normal")
        label.set_fontstyle("italic" if PEERS[peer].is_limit else "normal")
    figure.suptitle(f"{CASES[case].title}: requests per second (more is better)", fontsize=11)
    return figure


def _panel(axis, shape: str, peers: Sequence[str], summaries: Sequence[Summary]) -> None:
    asked = {it.peer: it for it in summaries}
    values = [_speed(asked.get(name)) for name in peers]
    bars = axis.barh([PEERS[name].title for name in peers], values, color=[*map(_colour, peers)])
    labels = axis.bar_label(bars, [_shown(asked.get(name)) for name in peers], padding=3)
    for label, peer in zip(labels, peers):
        label.set_fontsize(8)
        label.set_fontweight("bold" if is_ours(peer) else "normal")
    axis.set_title(shape_title(shape))
    axis.set_xlim(0, 1.25 * max(values) or 1)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_major_formatter(lambda value, position: _short(value))


def _speed(summary: Summary | None) -> float:
    return summary.figures.get("requests_per_second", 0.0) if summary else 0.0


def _shown(summary: Summary | None) -> str:
    if summary is None:
        return ""
    per_second = _speed(summary)
    if not per_second:
        return "failed"
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2g}"


def _colour(peer: str) -> str:
    if is_ours(peer):
        return OURS_COLOUR
    return LIMIT_COLOUR if PEERS[peer].is_limit else PEER_COLOUR


def _growths(told: Told) -> Iterator[tuple[str, Any]]:
    for name in dict.fromkeys(it["curve"] for it in told.get("results", [])):
        points = scaling_tables.by_peer(told, name)
        if points:
            yield f"growth-{name}", _growth(name, points)


def _growth(name: str, points: Mapping[str, Sequence[scaling_tables.Point]]):
    from matplotlib import pyplot

    curve = CURVES[name]
    figure, (speed, cost) = pyplot.subplots(1, 2, figsize=GROWTH_INCHES, layout="constrained")
    for peer, mine in points.items():
        sizes = [point.size for point in mine]
        speed.plot(sizes, [point.per_second for point in mine], **_line(peer))
        cost.plot(sizes, [point.cpu_microseconds_per_work for point in mine], **_line(peer))
    speed.set_title("requests per second")
    cost.set_title(f"CPU µs of the service per {curve.work}")
    for axis in (speed, cost):
        _log_axes(axis, sorted({point.size for mine in points.values() for point in mine}))
        axis.set_xlabel(curve.axis)
    if len(points) > 1:
        speed.legend(frameon=False, fontsize=8)
    figure.suptitle(curve.title, fontsize=11)
    return figure


def _line(peer: str) -> dict[str, Any]:
    ours, is_limit = is_ours(peer), PEERS[peer].is_limit
    return {
        "label": PEERS[peer].title,
        "color": LINE_COLOURS.get(peer, OURS_COLOUR if ours else PEER_COLOUR),
        "linewidth": 2.4 if ours else 1.4,
        "linestyle": "--" if is_limit else "-",
        "marker": "o",
        "markersize": 4.5 if ours else 3,
        "zorder": 3 if ours else 2,
    }


def _log_axes(axis, sizes: Sequence[int]) -> None:
    """Scale both axes logarithmically; the sizes themselves are the ticks."""
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=45 if sizes[-1] > 999 else 0)
    axis.minorticks_off()
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, high / 10), high)  # what varies little must look so
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, position: _short(value))


def _short(value: float) -> str:
    """Return `0.05`, `50`, `50k` or `5M`."""
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"


def _memory(told: Told) -> Iterator[tuple[str, Any]]:
    from matplotlib import pyplot

    if not told:
        return
    requests = [it["requests"] for it in told["results"]]
    pss = [it["pss_mb"] for it in told["results"]]
    held = [it["held_mb"] for it in told["results"]]
    figure, axis = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
    axis.plot(requests, pss, color=PEER_COLOUR, marker="o", markersize=3, label="PSS")
    axis.plot(requests, held, color=OURS_COLOUR, marker="o", markersize=4, label="held of it")
    axis.set_ylim(0, 1.25 * max(pss))
    axis.legend(frameon=False, loc="lower right")
    axis.set_xlabel("requests")
    axis.set_ylabel("MB of all processes")
    axis.xaxis.set_major_formatter(lambda value, position: _short(value))
    slope = f"{memory.slope(told):,.0f} bytes per 1000 requests"
    figure.suptitle(f"Memory over requests: {slope}", fontsize=11)
    yield "memory", figure
