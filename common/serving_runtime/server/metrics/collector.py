"""Gather the values of all metrics as plain data, quickly, since the front lock is held then."""

import platform
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import serving_runtime
from serving_runtime.errors import Status
from serving_runtime.server.metrics import catalogue as names
from serving_runtime.server.metrics.calls import SignatureCalls
from serving_runtime.server.metrics.catalogue import Metric
from serving_runtime.server.metrics.counters import Counters
from serving_runtime.server.metrics.histogram import Histogram, joined
from serving_runtime.server.metrics.transports import GrpcCounts, HttpCounts
from serving_runtime.server.metrics.values import Load, Samples

# What the dashboards of Go's servers call each status.
GO_CODES = {
    status: "".join(word.capitalize() for word in status.name.split("_")) for status in Status
}
GO_CODES[Status.OK] = "OK"
GO_CODES[Status.CANCELLED] = "Canceled"
# How a worker may end; what its own phrase says is too much for a label.
WORKER_ENDS = ("hang", "load_timeout", "not_closed", "killed", "signal", "exit", "other")


class Gauges(NamedTuple):
    """What is so at the moment; a function for each, called while holding the front lock.

    ``model_name`` is empty before that is known; ``shared`` is segments and their bytes.
    """

    model_name: Callable[[], str]
    is_ready: Callable[[], bool]
    load: Callable[[], Load]
    worker_processes: Callable[[], List[int]]
    shared: Callable[[], Tuple[int, int]]


class Snapshot(NamedTuple):
    """All values at one moment, and the processes of the workers there were then."""

    families: List[Tuple[Metric, Samples]]
    model_name: str
    worker_processes: List[int]


class Collector:
    """Everything that is counted, and how to gather it.

    Args:
        counters: of the front.
        grpc: of its transport.
        http: likewise.
        gauges: what is so at the moment.
    """

    def __init__(
        self, counters: Counters, grpc: GrpcCounts, http: HttpCounts, gauges: Gauges
    ) -> None:
        self._counters = counters
        self._grpc = grpc
        self._http = http
        self._gauges = gauges

    def snapshot(self) -> Snapshot:
        """Return all values now, while holding the front lock."""
        name = self._gauges.model_name()
        families = list(self._of_transports())
        families.append((names.READY, [((), float(self._gauges.is_ready()))]))
        if name:
            families += self._of_model(name)
            families += self._of_service(name)
            families += self._counters.own.families(name)
        return Snapshot(families, name, self._gauges.worker_processes())

    def _of_transports(self) -> Iterator[Tuple[Metric, Samples]]:
        methods = self._grpc.methods.items()
        yield names.GRPC_STARTED, [(key, method.started) for key, method in methods]
        yield (
            names.GRPC_HANDLED,
            [
                ((*key, code), method.codes[status])
                for key, method in methods
                for status, code in GO_CODES.items()
            ],
        )
        yield names.GRPC_SECONDS, [(key, method.seconds.distribution()) for key, method in methods]
        yield (
            names.HTTP_SECONDS,
            [
                ((*key, str(status)), histogram.distribution())
                for key, requests in self._http.routes.items()
                for status, histogram in sorted(requests.by_status.items())
            ],
        )

    def _of_model(self, name: str) -> Iterator[Tuple[Metric, Samples]]:
        model = self._counters.model
        signatures = model.signatures.items()
        for calls in model.signatures.values():
            calls.settle()
        yield (
            names.CALLS,
            [
                ((name, signature, status.name), calls.statuses[status])
                for signature, calls in signatures
                for status in Status
            ],
        )
        yield names.CASTS, [((name, key), calls.casts) for key, calls in signatures]
        for metric, part in _PARTS.items():
            yield metric, [((name, key), part(it).distribution()) for key, it in signatures]
        runs = [calls.model.distribution() for _, calls in signatures]
        yield names.PREDICT_SECONDS, [((name,), joined(runs))]
        yield names.FAILURES, _by_label(name, model.failures)
        yield names.PROBLEMS, _by_label(name, model.problems)
        yield names.REQUEST_BYTES, [((name,), model.bytes_in)]
        yield names.REPLY_BYTES, [((name,), model.bytes_out)]

    def _of_service(self, name: str) -> Iterator[Tuple[Metric, Samples]]:
        counters, gauges, served = self._counters, self._gauges, self._counters.served
        origin = (served.framework, served.framework_version, served.contract_format)
        about = (name, *origin, platform.python_version(), serving_runtime.__version__)
        yield names.INFO, [(about, 1)]
        yield names.REFUSALS, _by_label(name, counters.refusals)
        yield names.WORKER_ENDS, _by_label(name, worker_ends(counters.worker_deaths))
        load, (segments, segment_bytes) = gauges.load(), gauges.shared()
        plain = {
            names.RUNNING: load.running,
            names.WAITING: load.waiting,
            names.WAITING_BYTES: load.waiting_bytes,
            names.WORKERS: len(gauges.worker_processes()),
            names.WORKER_STARTS: counters.worker_starts,
            names.RETRIES: counters.retries,
            names.LONG_CALLS: counters.long_calls,
            names.STATE_RESETS: counters.state_resets,
            names.STATE_LOSSES: counters.state_losses,
            names.LOAD_SECONDS: served.load_seconds,
            names.WARM_UP_SECONDS: served.warm_up_seconds,
            names.SEGMENTS: segments,
            names.SEGMENT_BYTES: segment_bytes,
        }
        for metric, value in plain.items():
            yield metric, [((name,), value)]


def worker_ends(deaths: Dict[str, int]) -> Dict[str, int]:
    """Return how many workers ended in each way, given the phrases that say how."""
    found = dict.fromkeys(WORKER_ENDS, 0)
    for phrase, count in deaths.items():
        found[_end_of(phrase)] += count
    return found


def _end_of(phrase: str) -> str:
    for words, end in (
        ("stayed busy past", "hang"),
        ("RUNTIME_LOAD_TIMEOUT", "load_timeout"),
        ("did not close in time", "not_closed"),
        ("was killed: ", "killed"),
        ("was killed by ", "signal"),
        ("exited with ", "exit"),
    ):
        if words in phrase:
            return end
    return "other"


def _by_label(name: str, counts: Dict[str, int]) -> Samples:
    return [((name, label), count) for label, count in counts.items()]


_PARTS: Dict[Metric, Callable[[SignatureCalls], Histogram]] = {
    names.QUEUE_SECONDS: lambda calls: calls.queue,
    names.DECODE_SECONDS: lambda calls: calls.decode,
    names.MODEL_SECONDS: lambda calls: calls.model,
    names.ENCODE_SECONDS: lambda calls: calls.encode,
    names.BATCH_ROWS: lambda calls: calls.batch_rows,
    names.BATCH_CALLS: lambda calls: calls.batch_calls,
}
