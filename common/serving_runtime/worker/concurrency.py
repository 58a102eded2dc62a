"""Decide how many calls of its model a worker runs at once."""

from typing import NamedTuple

from serving_runtime import logs
from serving_runtime.model import Model

logger = logs.get_logger(__name__)

# Of functions that wait for something else: they cost nothing meanwhile.
ASYNC_CALLS = 64


class Concurrency(NamedTuple):
    """How many calls run at once, and how many of those may be in threads."""

    calls: int = 1
    threads: int = 1


SERIAL = Concurrency()


def settle(model: Model, wanted: int) -> Concurrency:
    """Return how many calls of a model run at once; a warning says where that is not what is set.

    Args:
        model: as it is served; a stateful one's calls run in their order.
        wanted: what RUNTIME_CONCURRENCY says; 0 for ``auto``.
    """
    if model.stateful:
        return _one(wanted, "the model is stateful: its calls run one at a time, in their order")
    if wanted == 0:
        return Concurrency(ASYNC_CALLS, 1) if model.asynchronous else SERIAL
    if model.runs_in_threads:
        return Concurrency(wanted, wanted)
    if model.asynchronous:
        return Concurrency(wanted, 1)
    return _one(wanted, "this framework's models run one call at a time: more RUNTIME_WORKERS help")


def _one(wanted: int, reason: str) -> Concurrency:
    if wanted > 1:
        logger.warning("RUNTIME_CONCURRENCY=%d has no effect: %s", wanted, reason)
    return SERIAL
