"""A front's counts, for the tests of what reads them."""

from serving_runtime.server.metrics import Counters, GrpcCounts, HttpCounts
from serving_runtime.server.metrics.collector import Collector, Gauges
from serving_runtime.server.metrics.values import Load


class Front:
    """Counts and gauges that a test may set."""

    def __init__(self, name="m"):
        self.counters = Counters()
        self.grpc, self.http = GrpcCounts(), HttpCounts()
        self.gauges = Gauges(
            lambda: name, lambda: True, lambda: Load(1, 2, 3), list, lambda: (4, 5)
        )
        self.collector = Collector(self.counters, self.grpc, self.http, self.gauges)

    def snapshot(self):
        """Return all values now."""
        return self.collector.snapshot()
