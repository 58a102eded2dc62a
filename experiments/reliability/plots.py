"""Draws what experiments measured over time, each as PNG and SVG."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

BLUE, GREY, ORANGE = "#0b62b5", "#7a8594", "#d9822b"
Told = Mapping[str, Any]
Panel = tuple[str, Sequence[tuple[str, str, str]]]

# A title, and lines: the name of a figure, what the legend calls it, and a colour.
SOAK_PANELS: tuple[Panel, ...] = (
    ("memory, MB", (("rss_mb", "RSS", GREY), ("pss_mb", "PSS", BLUE),
                    ("private_dirty_mb", "private and dirty", ORANGE),
                    ("front_pss_mb", "PSS of the front", "#6fa8dc"))),
    ("open descriptors", (("connections", "clients' connections", GREY),
                          ("segments", "shared memory", ORANGE),
                          ("descriptors", "all others", BLUE))),
    ("threads and processes", (("threads", "threads", BLUE), ("processes", "processes", ORANGE),
                               ("pool_threads", "threads of gRPC's pool", GREY))),
    ("latency of golden requests, ms", (("p99_ms", "p99", GREY), ("p50_ms", "p50", BLUE))),
)  # fmt: skip


def can_draw() -> bool:
    """Whether matplotlib is here."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(told: Mapping[str, Told], folder: Path) -> list[Path]:
    """Draw the results that have plots; returns the files."""
    from experiments.benchmarks.drawing import save

    return [
        path
        for name, plot in PLOTS.items()
        if name in told and told[name]["figures"]
        for path in save(plot(told[name]["figures"]), folder / name)
    ]


def _soak(figures: Told) -> Any:
    """Draw memory, descriptors, threads and latency over time."""
    from matplotlib import pyplot

    samples = figures["samples"]
    minutes = [seconds / 60 for seconds in samples["seconds"]]
    figure, axes = pyplot.subplots(2, 2, figsize=(10, 6), sharex=True, layout="constrained")
    for axis, (title, lines) in zip(axes.flat, SOAK_PANELS, strict=True):
        for name, label, colour in lines:
            axis.plot(minutes, samples[name], color=colour, label=label, linewidth=1.2)
        axis.set_title(title)
        axis.set_ylim(0, 1.25 * max(max(samples[name]) for name, _, _ in lines) or 1)
        axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper left")
    for axis in axes[-1]:
        axis.set_xlabel("minutes")
    per_second = figures["requests_per_second"]
    figure.suptitle(
        f"All processes of the service, {per_second:,} requests per second", fontsize=11
    )
    return figure


PLOTS: dict[str, Callable[[Told], Any]] = {"soak": _soak}
