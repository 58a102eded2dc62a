"""Draws a benchmark's bars: requests per second of every peer, a panel for each concurrency."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

from benchmarks.cases import BY_NAME as CASES
from benchmarks.peers.registry import BY_NAME as PEERS
from benchmarks.report import OURS, PLOT_FORMATS, Summary, shape_title

matplotlib.use("Agg")  # no display is needed
matplotlib.rcParams["svg.hashsalt"] = "benchmarks"  # the same results give the same file

OURS_COLOUR, PEER_COLOUR, LIMIT_COLOUR = "#1f77b4", "#9aa5b1", "#dfe3e8"
PANEL_INCHES, BAR_INCHES, MARGIN_INCHES = 3.4, 0.3, 1.1


def draw(case: str, summaries: Sequence[Summary], folder: Path) -> list[Path]:
    """Write a case's plot in each format; returns the files, none where nobody has figures."""
    from matplotlib import pyplot

    shapes = list(dict.fromkeys(it.shape for it in summaries))
    peers = [name for name in PEERS if any(it.peer == name and it.figures for it in summaries)]
    if not peers:
        return []
    size = (2 + PANEL_INCHES * len(shapes), MARGIN_INCHES + BAR_INCHES * len(peers))
    figure, axes = pyplot.subplots(1, len(shapes), figsize=size, sharey=True, squeeze=False)
    for shape, axis in zip(shapes, axes[0]):
        _panel(axis, shape, peers, [it for it in summaries if it.shape == shape])
    axes[0][0].invert_yaxis()  # of all panels: they share it
    figure.suptitle(f"{CASES[case].title}: requests per second", x=0.02, ha="left")
    figure.tight_layout()
    paths = [folder / f"benchmark-{case}.{form}" for form in PLOT_FORMATS]
    for path in paths:
        # No date: it would differ each time.
        figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
    return paths


def _panel(axis, shape: str, peers: Sequence[str], summaries: Sequence[Summary]) -> None:
    speeds = {it.peer: it.figures.get("requests_per_second", 0.0) for it in summaries}
    values = [speeds.get(name, 0.0) for name in peers]
    bars = axis.barh([PEERS[name].title for name in peers], values, color=[*map(_colour, peers)])
    axis.bar_label(bars, [*map(_shown, values)], padding=3, fontsize=8)
    axis.set_title(shape_title(shape), fontsize=10)
    axis.margins(x=0.2)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def _shown(per_second: float) -> str:
    if not per_second:
        return "failed"
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2g}"


def _colour(peer: str) -> str:
    if peer == OURS:
        return OURS_COLOUR
    return LIMIT_COLOUR if PEERS[peer].is_limit else PEER_COLOUR
