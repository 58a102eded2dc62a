"""Read a service's metrics, and what has changed from one reading to the next."""

import math
import time
from typing import Dict, FrozenSet, List, Tuple

from prometheus_client.parser import text_string_to_metric_families

from serving_runtime.client.failures import CallFailed
from serving_runtime.client.rest import RestClient

PATH = "/metrics"
Labels = FrozenSet[Tuple[str, str]]


class Scraped:
    """All values at one time.

    Args:
        text: in Prometheus' form.
        seconds: when they were read, on the monotonic clock.
    """

    def __init__(self, text: str, seconds: float) -> None:
        self.seconds = seconds
        self._values: Dict[str, Dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                values = self._values.setdefault(sample.name, {})
                values[frozenset(sample.labels.items())] = sample.value

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's values with these labels; 0 where there are none."""
        wanted = set(labels.items())
        return sum(it for key, it in self._values.get(name, {}).items() if wanted <= key)

    def by(self, name: str, label: str) -> Dict[str, float]:
        """Return a metric's values by one of its labels; those of the other labels together."""
        found: Dict[str, float] = {}
        for key, value in self._values.get(name, {}).items():
            word = dict(key).get(label, "")
            found[word] = found.get(word, 0.0) + value
        return found

    def labels(self, name: str) -> Dict[str, str]:
        """Return the labels of a metric that has one value; none where it has no value."""
        return dict(next(iter(self._values.get(name, {})), frozenset()))


class Change:
    """What has changed from one reading to the next.

    Args:
        before: the earlier one.
        now: the later one.
    """

    def __init__(self, before: Scraped, now: Scraped) -> None:
        self._before, self._now = before, now
        self._seconds = max(now.seconds - before.seconds, 1e-9)

    def rate(self, name: str, **labels: str) -> float:
        """Return how much a counter has grown in a second."""
        return self.growth(name, **labels) / self._seconds

    def growth(self, name: str, **labels: str) -> float:
        """Return how much it has grown; since its start where the service has started again."""
        now, before = self._now.total(name, **labels), self._before.total(name, **labels)
        return now - before if now >= before else now

    def mean(self, name: str) -> float:
        """Return the mean of what a histogram has observed meanwhile; NaN if that is nothing."""
        count = self.growth(f"{name}_count")
        return self.growth(f"{name}_sum") / count if count else math.nan

    def quantile(self, name: str, share: float) -> float:
        """Return a quantile likewise, by its buckets as Prometheus does; the last bound at most."""
        buckets = self._buckets(name)
        wanted = share * buckets[-1][1] if buckets else 0.0
        if not wanted:
            return math.nan
        low, at_low = 0.0, 0.0
        for bound, count in buckets:
            if count >= wanted:
                inside = (wanted - at_low) / (count - at_low)
                return low if math.isinf(bound) else low + (bound - low) * inside
            low, at_low = bound, count
        return low

    def _buckets(self, name: str) -> List[Tuple[float, float]]:
        now, before = (it.by(f"{name}_bucket", "le") for it in (self._now, self._before))
        has_restarted = any(count < before.get(bound, 0.0) for bound, count in now.items())
        since = {} if has_restarted else before
        found = [(float(bound), count - since.get(bound, 0.0)) for bound, count in now.items()]
        return sorted(found)


def scrape(client: RestClient, deadline_seconds: float) -> Scraped:
    """Return what a service's metrics are now.

    Raises:
        CallFailed: it is not there, refuses, or has no metrics.
    """
    answer = client.ask("GET", PATH, b"", {}, deadline_seconds)
    try:
        return Scraped(answer.body.decode(), time.monotonic())
    except ValueError as error:
        raise CallFailed("UNKNOWN", f"{PATH} is no metrics: {error}") from None
