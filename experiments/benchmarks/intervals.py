"""Compute the median of paired measurements, and how far it can be trusted.

The interval is one of order statistics: it assumes nothing of how figures are distributed, and a
pair that something else on the machine has spoilt moves it no further than one place.

See: https://en.wikipedia.org/wiki/Binomial_test, for a quantile of 1/2.
"""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95
# With fewer there is no such interval: what stands in its place is the range.
MIN_PAIRS = 6


class Interval(NamedTuple):
    """A median, and the ends of its interval."""

    median: float
    low: float
    high: float


def of_median(values: Sequence[float]) -> Interval:
    """Return the median with its 95 % interval, which has the range's ends for under six values."""
    ordered = sorted(values)
    rank = _rank(len(ordered))
    return Interval(statistics.median(ordered), ordered[rank], ordered[-1 - rank])


def _rank(count: int) -> int:
    """Return how many values may be left out at each end."""
    rank = 0
    while 2 * _share_up_to(rank, count) <= 1 - CONFIDENCE:
        rank += 1
    return max(rank - 1, 0)


def _share_up_to(rank: int, count: int) -> float:
    """Return how likely at most `rank` of all values are below the true median."""
    counted: int = sum(math.comb(count, below) for below in range(rank + 1))
    return counted / (1 << count)
