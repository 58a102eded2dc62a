"""Keep what a model's own code counts, as its workers report it."""

import itertools
from typing import Dict, Iterator, List, Tuple

from serving_runtime import logs
from serving_runtime.metrics import MAX_SERIES, Definition, read_changes
from serving_runtime.server.metrics.catalogue import Kind, Metric
from serving_runtime.server.metrics.histogram import Distribution
from serving_runtime.server.metrics.values import Samples, Value

logger = logs.get_logger(__name__)

Values = Dict[Tuple[str, ...], List[float]]


class OwnMetrics:
    """A model's own metrics, bounded in the number of their series."""

    def __init__(self) -> None:
        self._values: Dict[Definition, Values] = {}
        self._names: Dict[str, Definition] = {}
        self._count = 0

    def report(self, body: bytes) -> None:
        """Take in what a worker reports; what is too much is dropped, with one line in the log.

        Raises:
            ValueError: it is no such report.
        """
        for definition, labels, change in read_changes(body):
            # Of workers with different code the first is right.
            if self._names.setdefault(definition.name, definition) == definition:
                self._apply(definition, labels, change)

    def families(self, model_name: str) -> Iterator[Tuple[Metric, Samples]]:
        """Yield each metric with its samples."""
        for definition, values in self._values.items():
            kind, labels = Kind(definition.kind), ("model_name", *definition.labels)
            metric = Metric(definition.name, kind, labels, definition.meaning)
            yield (
                metric,
                [((model_name, *key), _value(definition, value)) for key, value in values.items()],
            )

    def _apply(self, definition: Definition, labels: Tuple[str, ...], change: List[float]) -> None:
        values = self._values.setdefault(definition, {})
        before = values.get(labels)
        if before is None:
            self._add(values, definition, labels, change)
        elif definition.kind == Kind.GAUGE.value:
            values[labels] = change
        else:
            values[labels] = [old + new for old, new in zip(before, change)]

    def _add(
        self, values: Values, definition: Definition, labels: Tuple[str, ...], change: List[float]
    ) -> None:
        self._count += 1
        if self._count <= MAX_SERIES:
            values[labels] = change
        elif self._count == MAX_SERIES + 1:
            logger.warning(
                "the model's own metrics have more than %d series: those of %s that come now are "
                "dropped; give labels few values", MAX_SERIES, definition.name,
            )  # fmt: skip


def _value(definition: Definition, value: List[float]) -> Value:
    if definition.kind != Kind.HISTOGRAM.value:
        return value[0]
    *counts, total = value
    return Distribution(definition.bounds, tuple(map(int, itertools.accumulate(counts))), total)
