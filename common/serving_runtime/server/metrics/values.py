"""Name what a metric may be worth, for those that gather values and the one that writes them."""

from typing import List, NamedTuple, Tuple, Union

from serving_runtime.server.metrics.histogram import Distribution

Value = Union[float, Distribution]
# The values of its labels, and its own.
Samples = List[Tuple[Tuple[str, ...], Value]]


class Load(NamedTuple):
    """How many calls run and wait, and how many bytes those have that wait."""

    running: int
    waiting: int
    waiting_bytes: int
