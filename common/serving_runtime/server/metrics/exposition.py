"""Write values as Prometheus reads them; the only module that imports its library.

It is imported with the first scrape: nobody else needs it.
"""

from typing import Iterator, List, Tuple, Union

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from serving_runtime.server.metrics import catalogue as names
from serving_runtime.server.metrics import histogram
from serving_runtime.server.metrics.catalogue import Kind, Metric
from serving_runtime.server.metrics.collector import Snapshot
from serving_runtime.server.metrics.histogram import Distribution
from serving_runtime.server.metrics.values import Samples
from serving_runtime.system import cgroup_memory, process_usage

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
Families = List[Tuple[Metric, Samples]]
# Its bound, how many there are, and perhaps an example of them.
Bucket = Union[Tuple[str, float], Tuple[str, float, Exemplar]]


class Exposition:
    """Writes snapshots; what the kernel knows of processes it looks up itself."""

    def __init__(self) -> None:
        # Of this process, by the names that every dashboard knows.
        self._process = ProcessCollector(registry=None)
        self._cpu = process_usage.CpuSeconds()

    def write(self, snapshot: Snapshot, accept: str) -> Tuple[str, bytes]:
        """Return the content type and the text of a snapshot.

        Args:
            snapshot: what to write.
            accept: the header of that name, by which OpenMetrics may be asked for.
        """
        families = [*snapshot.families, *self._usage(snapshot)]
        found = [*self._process.collect(), *(_family(*each) for each in families)]
        # Not the library's own choice, for which a client's odd version is an exception.
        if "application/openmetrics-text" in accept:
            text = openmetrics.generate_latest(_Collected(found))  # type: ignore[no-untyped-call]
            return openmetrics.CONTENT_TYPE_LATEST, text
        return PLAIN, generate_latest(_Collected(found))

    def _usage(self, snapshot: Snapshot) -> Families:
        name, processes = snapshot.model_name, snapshot.worker_processes
        if not name:
            return []
        front = process_usage.resident_bytes("self")
        workers = sum(process_usage.resident_bytes(str(pid)) for pid in processes)
        front_cpu, workers_cpu = self._cpu.now(processes)
        memory = cgroup_memory.available()
        return [
            (names.MEMORY, [((name, "front"), front), ((name, "workers"), workers)]),
            (names.MEMORY_USED, [((name,), memory.used)]),
            (names.MEMORY_LIMIT, [((name,), memory.limit)]),
            (names.CPU_SECONDS, [((name, "front"), front_cpu), ((name, "workers"), workers_cpu)]),
        ]


class _Collected:
    """What the library takes for a registry."""

    def __init__(self, families: List[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        """Yield the families."""
        return iter(self._families)


def _family(metric: Metric, samples: Samples) -> Family:
    name, meaning, labels = metric.name, metric.meaning, metric.labels
    if metric.kind is Kind.HISTOGRAM:
        distributions = HistogramMetricFamily(name, meaning, labels=labels)
        for values, value in samples:
            if isinstance(value, Distribution):
                distributions.add_metric(values, _buckets(value), value.total)
        return distributions
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(name, meaning, labels=labels)
    for values, value in samples:
        if not isinstance(value, Distribution):
            family.add_metric(values, value)
    return family


def _buckets(distribution: Distribution) -> List[Bucket]:
    bounds = [*map(floatToGoString, distribution.bounds), "+Inf"]
    buckets: List[Bucket] = list(zip(bounds, distribution.buckets))
    for place, exemplar in distribution.exemplars.items():
        buckets[place] = (*buckets[place][:2], _exemplar(exemplar))
    return buckets


def _exemplar(found: histogram.Exemplar) -> Exemplar:
    return Exemplar({"trace_id": found.trace_id}, found.value, found.seconds)
