"""Let a model's own code count what matters to it: counters, gauges and histograms at /metrics.

    from serving_runtime import metrics

    rejected = metrics.counter("my_rejected_total", "Rows that no rule fits.", labels=("rule",))

    def infer(x):
        rejected.inc(3, rule="age")

Changes travel to the front with the next reply and are kept there, so they outlive the worker. Each
metric gets the label ``model_name``. Of all of a model's own metrics there may be ``MAX_SERIES``
series: labels are for few values, never for what a client sends.
"""

import contextlib
import json
import re
import threading
from bisect import bisect_left
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

MAX_SERIES = 1000
# In seconds, from 1 ms to 10 s.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED = ("serving_runtime_", "grpc_server_", "http_server_", "process_", "request_predict_")
_RESERVED_LABELS = ("model_name", "le", "quantile")


class Definition(NamedTuple):
    """What a metric is; ``bounds`` are those of a histogram's buckets."""

    name: str
    kind: str
    meaning: str
    labels: Tuple[str, ...]
    bounds: Tuple[float, ...] = ()


def counter(name: str, meaning: str, labels: Sequence[str] = ()) -> "Counter":
    """Return a counter, a new one or the one of this name; its name ends with ``_total``.

    Raises:
        ValueError: the name or a label cannot be one, or another metric has the name.
    """
    whole = name if name.endswith("_total") else f"{name}_total"
    return Counter(CHANGES.define(Definition(whole, "counter", meaning, tuple(labels))))


def gauge(name: str, meaning: str, labels: Sequence[str] = ()) -> "Gauge":
    """Return a gauge; of several workers that set it, the last one wins. Raises as ``counter``."""
    return Gauge(CHANGES.define(Definition(name, "gauge", meaning, tuple(labels))))


def histogram(
    name: str, meaning: str, labels: Sequence[str] = (), buckets: Sequence[float] = BUCKETS
) -> "Histogram":
    """Return a histogram with the buckets' bounds, the smallest first. Raises as ``counter``."""
    bounds = tuple(map(float, buckets))
    if not bounds or list(bounds) != sorted(set(bounds)):
        raise ValueError(f"buckets of {name}: expected numbers that rise, got {buckets!r}")
    return Histogram(CHANGES.define(Definition(name, "histogram", meaning, tuple(labels), bounds)))


class Counter:
    """Something that only grows."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def inc(self, amount: float = 1.0, **labels: str) -> None:
        """Add to it."""
        if not amount >= 0:
            raise ValueError(f"{self._definition.name} only grows: {amount!r} is less than 0")
        with CHANGES.of(self._definition, labels) as change:
            change[0] += float(amount)


class Gauge:
    """Something that goes up and down."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def set(self, value: float, **labels: str) -> None:
        """Set it."""
        with CHANGES.of(self._definition, labels) as change:
            change[0] = float(value)


class Histogram:
    """Values, by how large they are."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def observe(self, value: float, **labels: str) -> None:
        """Note a value."""
        value = float(value)
        with CHANGES.of(self._definition, labels) as change:
            change[bisect_left(self._definition.bounds, value)] += 1
            change[-1] += value


class Changes:
    """What has changed since it was last sent; any thread may change more.

    Attributes:
        pending: by definition and the labels' values; empty where there is nothing to send.
    """

    def __init__(self) -> None:
        self.pending: Dict[Tuple[Definition, Tuple[str, ...]], List[float]] = {}
        self._definitions: Dict[str, Definition] = {}
        self._lock = threading.Lock()
        self._is_paused = False

    def define(self, wanted: Definition) -> Definition:
        """Note what a metric is, and return it.

        Raises:
            ValueError: as ``counter`` says.
        """
        if not _NAME.fullmatch(wanted.name) or wanted.name.startswith(_RESERVED):
            raise ValueError(
                f"a metric cannot be called {wanted.name!r}: expected letters, digits and _, and "
                f"no name that begins with {', '.join(_RESERVED)}"
            )
        for label in wanted.labels:
            if not _NAME.fullmatch(label) or label in _RESERVED_LABELS or label.startswith("__"):
                raise ValueError(f"a label of {wanted.name} cannot be called {label!r}")
        if self._definitions.setdefault(wanted.name, wanted) != wanted:
            raise ValueError(f"there is a metric {wanted.name} already, which is another one")
        return wanted

    @contextlib.contextmanager
    def of(self, definition: Definition, labels: Dict[str, str]) -> Iterator[List[float]]:
        """Yield what has changed of one series, to be changed more.

        Raises:
            ValueError: the labels are not those of the metric.
        """
        if set(labels) != set(definition.labels):
            expected = ", ".join(definition.labels) or "none"
            raise ValueError(f"{definition.name}: expected the labels {expected}")
        key = definition, tuple(str(labels[name]) for name in definition.labels)
        size = len(definition.bounds) + 2 if definition.bounds else 1
        with self._lock:
            change = self.pending.get(key) or [0.0] * size
            yield change
            is_kept = key in self.pending or len(self.pending) < MAX_SERIES
            if is_kept and not self._is_paused:
                self.pending[key] = change

    def take(self) -> bytes:
        """Return all that has changed, as JSON, and forget it."""
        with self._lock:
            taken, self.pending = self.pending, {}
        return json.dumps([[*key, change] for key, change in taken.items()]).encode()

    def forget(self) -> None:
        """Forget what has changed: another process sends it."""
        self.pending = {}

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing meanwhile, as while the model is warmed up."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False


CHANGES = Changes()


def read_changes(body: bytes) -> List[Tuple[Definition, Tuple[str, ...], List[float]]]:
    """Read what ``Changes.take`` has written.

    Raises:
        ValueError: it is something else.
    """
    try:
        return [_change(*each) for each in json.loads(body.decode())]
    except (TypeError, AttributeError) as error:
        raise ValueError(f"no changes of metrics: {error!r}") from None


def _change(
    definition: Any, labels: Any, change: Any
) -> Tuple[Definition, Tuple[str, ...], List[float]]:
    name, kind, meaning, names, bounds = definition
    whole = Definition(name, kind, meaning, tuple(names), tuple(bounds))
    return whole, tuple(map(str, labels)), list(map(float, change))
