"""Answer the page, which asks every few seconds how the service is: far less than a scrape."""

import json
import platform
from typing import Any, Dict, Sequence

from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import CONTENT_TYPE
from serving_runtime.server.http.replies import JSON
from serving_runtime.server.metrics.calls import SignatureCalls
from serving_runtime.server.metrics.collector import Gauges
from serving_runtime.server.metrics.counters import Counters
from serving_runtime.server.transport import Reply, Request
from serving_runtime.system import process_usage


class Overview:
    """The operation.

    Args:
        counters: of the front.
        gauges: what is so at the moment.
    """

    def __init__(self, counters: Counters, gauges: Gauges) -> None:
        self._counters = counters
        self._gauges = gauges

    def answer(self, request: Request) -> Reply:
        """Return a few numbers of the metrics as JSON, while holding the front lock."""
        text = json.dumps(self._numbers())
        return Reply(Status.OK, "", text.encode(), attributes={CONTENT_TYPE: JSON})

    def _numbers(self) -> Dict[str, Any]:
        counters, gauges = self._counters, self._gauges
        calls = counters.model.of_signatures
        answered = sum(it.statuses[Status.OK] for it in calls)
        ended = counters.model.by_status()
        processes = ["self", *map(str, gauges.worker_processes())]
        return {
            "framework": counters.served.framework,
            "framework_version": counters.served.framework_version,
            "python": platform.python_version(),
            "answered": answered,
            "failed": sum(ended.values()) - ended.get(Status.OK.name, 0),
            "running": gauges.running(),
            "waiting": gauges.waiting(),
            "workers": len(processes) - 1,
            "memory_bytes": sum(map(process_usage.resident_bytes, processes)),
            **_totals(calls),
        }


def _totals(calls: Sequence[SignatureCalls]) -> Dict[str, float]:
    """Return the sums of what the workers have reported, and of how many calls."""
    for each in calls:
        each.settle()
    model = [it.model.distribution() for it in calls]
    others = [part.distribution() for it in calls for part in (it.queue, it.decode, it.encode)]
    return {
        "reported": sum(it.buckets[-1] for it in model),
        "model_seconds": sum(it.total for it in model),
        "other_seconds": sum(it.total for it in others),
        "rows": sum(it.batch_rows.distribution().total for it in calls),
    }
