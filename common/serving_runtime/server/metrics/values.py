"""Name what a metric may be worth, for those that gather values and the one that writes them."""

from typing import List, Tuple, Union

from serving_runtime.server.metrics.histogram import Distribution

Value = Union[float, Distribution]
# The values of its labels, and its own.
Samples = List[Tuple[Tuple[str, ...], Value]]
