"""Sort observations into buckets, many at a time, so that one costs a call next to nothing."""

import time
from bisect import bisect_left, bisect_right
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

# So many are sorted into their buckets at once.
TOGETHER = 512
# In seconds, from 0.25 ms to a minute.
SECONDS = (
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    60.0,
)  # fmt: skip
# Of rows and of calls.
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0)


class Exemplar(NamedTuple):
    """One observation, and the trace that shows it; ``seconds``: when it was, since 1970."""

    trace_id: str
    value: float
    seconds: float


class Distribution(NamedTuple):
    """What was observed so far.

    ``buckets``: how many are at most as large as each bound, and then how many there are at all;
    ``exemplars``: by the number of their bucket.
    """

    bounds: Tuple[float, ...]
    buckets: Tuple[int, ...]
    total: float
    exemplars: Mapping[int, Exemplar] = {}


def joined(parts: Sequence[Distribution]) -> Distribution:
    """Return the distribution of all observations; there must be one part."""
    buckets = tuple(sum(counts) for counts in zip(*(part.buckets for part in parts)))
    exemplars = {place: it for part in parts for place, it in part.exemplars.items()}
    return Distribution(parts[0].bounds, buckets, sum(part.total for part in parts), exemplars)


class Histogram:
    """Observations, by how large they are.

    Args:
        bounds: the largest value of each bucket, the smallest first; there is one more for the
            rest.
    """

    __slots__ = ("_bounds", "_counts", "_exemplars", "_total", "_waiting")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = tuple(bounds)
        # Within each bucket alone.
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0
        self._waiting: List[float] = []
        self._exemplars: Dict[int, Exemplar] = {}

    def exemplify(self, trace_id: str, value: float) -> None:
        """Keep a value that was noted as the example of its bucket."""
        place = bisect_left(self._bounds, value)
        self._exemplars[place] = Exemplar(trace_id, value, time.time())

    def observe(self, value: float) -> None:
        """Note one value."""
        waiting = self._waiting
        waiting.append(value)
        if len(waiting) >= TOGETHER:
            self._sort_in()

    def observe_all(self, values: Sequence[float]) -> None:
        """Note several."""
        self._waiting.extend(values)
        self._sort_in()

    def distribution(self) -> Distribution:
        """Return what was observed so far."""
        self._sort_in()
        at_most, buckets = 0, []
        for count in self._counts:
            at_most += count
            buckets.append(at_most)
        return Distribution(self._bounds, tuple(buckets), self._total, {**self._exemplars})

    def _sort_in(self) -> None:
        values, self._waiting = self._waiting, []
        values.sort()
        before = 0
        for place, bound in enumerate(self._bounds):
            within = bisect_right(values, bound)
            self._counts[place] += within - before
            before = within
        self._counts[-1] += len(values) - before
        self._total += sum(values)
