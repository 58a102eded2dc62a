"""Count what happens, in the front alone, and tell Prometheus of it.

Counting costs a call a few additions; whatever can be put off is done when somebody asks. Nothing
here imports another room of the server: what only they know is asked for by functions.
"""

from serving_runtime.server.metrics.counters import Counters
from serving_runtime.server.metrics.transports import GrpcCounts, HttpCounts

__all__ = ["Counters", "GrpcCounts", "HttpCounts"]
