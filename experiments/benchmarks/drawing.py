"""How every plot in the documents looks, and how it is written: the same results, the same file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib

FORMATS = ("png", "svg")

matplotlib.use("Agg")  # no display is needed
matplotlib.rcParams.update({
    "svg.hashsalt": "benchmarks",  # no other random names in each file
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.color": "#e8ebef",
    "axes.axisbelow": True,
})  # fmt: skip


def save(figure: Any, stem: Path) -> Iterator[Path]:
    """Write a figure as PNG and SVG; yields the files."""
    from matplotlib import pyplot

    for form in FORMATS:
        path = stem.with_suffix(f".{form}")
        # No date: it would differ each time.
        figure.savefig(path, dpi=120, metadata={"Date": None} if form == "svg" else None)
        yield path
    pyplot.close(figure)
