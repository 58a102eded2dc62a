"""Decide which levels of load are run: more callers, until more of them bring nothing."""

from typing import Callable, Iterator, List, Sequence

from serving_runtime.bench.level import Level

MAX_CALLERS = 1024
GROWTH = 1.05
"""What a level must bring over the best one before it: less is noise."""
FLAT_LEVELS = 2
"""How many levels in a row may bring nothing: one alone may be bad luck."""
BUSY_CLIENT = 0.6
"""From which share of the time on this client is held to be the limit.

Before a service that only echoes it gets to 0.7: it waits for grpc's own thread, which is part of
the client too.
"""


def climb(measure: Callable[[int], Level]) -> Iterator[Level]:
    """Measure with 1, 2, 4, … callers until throughput stops growing."""
    best, flat, callers = 0.0, 0, 1
    while flat < FLAT_LEVELS and callers <= MAX_CALLERS:
        level = measure(callers)
        yield level
        flat = 0 if level.calls_per_second > best * GROWTH else flat + 1
        best = max(best, level.calls_per_second)
        callers *= 2


def remarks(levels: Sequence[Level], climbed: bool) -> List[str]:
    """Return what the levels show, and what they do not.

    Args:
        levels: at least one.
        climbed: whether the callers were raised until throughput stopped growing.
    """
    best = max(levels, key=lambda level: level.calls_per_second)
    if not best.answered:
        return ["no call was answered"]
    remarks = []
    if climbed:
        enough = next(it for it in levels if it.calls_per_second * GROWTH >= best.calls_per_second)
        remarks.append(
            f"throughput stops growing at {enough.callers}"
            f" {'caller' if enough.callers == 1 else 'callers'}:"
            f" {enough.calls_per_second:,.0f} calls/s"
        )
    return remarks + _client_limit(levels)


def _client_limit(levels: Sequence[Level]) -> List[str]:
    busy = [level for level in levels if level.client_busy >= BUSY_CLIENT]
    if not busy:
        return []
    return [
        f"this client was the limit with {', '.join(str(level.callers) for level in busy)} callers:"
        f" it was busy {max(level.client_busy for level in busy):.0%} of the time, and the service"
        " may answer more than is shown; run several clients at once, or a load generator in C"
    ]
