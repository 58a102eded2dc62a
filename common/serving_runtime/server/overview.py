"""Answer the page, which asks every few seconds how the service is: far less than a scrape."""

import json
import platform
from typing import Any, Dict

from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import CONTENT_TYPE
from serving_runtime.server.http.replies import JSON
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
        served, gauges = self._counters.served, self._gauges
        totals, load = self._counters.model.totals(), gauges.load()
        processes = ["self", *map(str, gauges.worker_processes())]
        return {
            "framework": served.framework,
            "framework_version": served.framework_version,
            "python": platform.python_version(),
            "answered": totals.answered,
            "failed": totals.failed,
            "rows": totals.rows,
            "seconds": totals.all_seconds,
            "model_seconds": totals.model_seconds,
            "running": load.running,
            "waiting": load.waiting,
            "workers": len(processes) - 1,
            "memory_bytes": sum(map(process_usage.resident_bytes, processes)),
        }
