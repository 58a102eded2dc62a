"""Compute percentiles of latencies."""

from typing import Sequence


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent are not above; 0 of nothing.

    Args:
        ordered: ascending.
        percent: 1 to 100.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else 0.0
