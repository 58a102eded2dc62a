"""Count what seldom happens in the front: refusals, retries, the starts and ends of workers."""

import collections
from typing import Any, Dict, NamedTuple, Sequence

from serving_runtime.server.metrics.calls import ModelCalls, reasons
from serving_runtime.server.metrics.histogram import SECONDS
from serving_runtime.server.metrics.own import OwnMetrics


class Served(NamedTuple):
    """What a worker says of what it serves, once it has loaded."""

    framework: str = ""
    framework_version: str = ""
    contract_format: str = ""
    load_seconds: float = 0.0
    warm_up_seconds: float = 0.0


class Counters:
    """Plain integers from the start of the service on; they only grow.

    Args:
        bounds: of the seconds that calls take.

    Attributes:
        model: the calls of the model.
        own: what the model's own code counts.
        served: what the last worker that has loaded says.
        refusals: calls that the front refused, before any worker saw them, by reason.
        queue_refusals: calls refused because the queue was full, in calls or in bytes.
        memory_refusals: calls refused because the front had no memory for more.
        long_calls: calls that were not answered after as long as RUNTIME_BUSY_UNHEALTHY allows.
        times_stuck: how often every worker was busy for longer than that.
        retries: calls that waited again because their worker ended.
        worker_starts: workers started, or tried to; the first one is among them.
        worker_deaths: workers that ended before the service did, by how.
        state_losses: states of a stateful model that ended with their worker.
        state_resets: states of a stateful model that ended because a client asked for it.
    """

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.model = ModelCalls(bounds)
        self.own = OwnMetrics()
        self.served = Served()
        self.refusals: Dict[str, int] = dict.fromkeys(reasons(), 0)
        self.queue_refusals = 0
        self.memory_refusals = 0
        self.long_calls = 0
        self.times_stuck = 0
        self.retries = 0
        self.worker_starts = 0
        self.worker_deaths: Dict[str, int] = collections.Counter()
        self.state_losses = 0
        self.state_resets = 0

    @property
    def calls(self) -> Dict[str, int]:
        """Calls of the model that were answered, by status.

        DEADLINE_EXCEEDED are the deadlines that passed, waiting or running.
        """
        return self.model.by_status()

    def as_dict(self) -> Dict[str, Any]:
        """Return the counts as they are now, by name; a dict where there is one for each kind."""
        counts = {
            name: dict(count) if isinstance(count, dict) else count
            for name, count in vars(self).items()
            if name not in ("model", "own", "refusals", "served")
        }
        return {"calls": self.calls, **counts}

    def nonzero(self) -> Dict[str, Any]:
        """Return the counts of what has happened at all."""
        return {name: count for name, count in self.as_dict().items() if count}
