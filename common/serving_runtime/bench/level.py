"""Keep a number of calls under way for a while, and measure what comes of them.

One thread drives all calls: how busy it was is one of the figures, since a service may
be faster than this client.
"""

import asyncio
import selectors
import time
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Optional, Tuple

from serving_runtime.bench.callers import Call, Callers
from serving_runtime.bench.load import Load
from serving_runtime.bench.percentiles import percentile

PROGRESS_SECONDS = 0.25


class Level(NamedTuple):
    """What came of so many callers.

    ``client_busy`` is the share of the time in which this client had work to do, or waited for a
    CPU to do it on: near 1, the client was the limit.
    """

    callers: int
    seconds: float
    answered: int
    p50_ms: float
    p99_ms: float
    errors: Dict[str, int]
    client_busy: float

    @property
    def calls_per_second(self) -> float:
        """How many calls were answered rightly, per second."""
        return self.answered / self.seconds if self.seconds else 0.0


Progress = Callable[[int, float, int], None]
"""Called with the callers, the seconds since the start and the calls answered so far."""


class _IdleClock(selectors.DefaultSelector):  # type: ignore[misc, valid-type, unused-ignore]
    """Counts the time in which a loop has nothing to do.

    CPU time would be too little where others keep the machine busy.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle_seconds = 0.0

    def select(self, timeout: Optional[float] = None) -> "List[Tuple[selectors.SelectorKey, int]]":
        if timeout == 0:  # there is work already
            return super().select(timeout)
        started = time.perf_counter()
        events = super().select(timeout)
        self.idle_seconds += time.perf_counter() - started
        return events


class _Tally:
    """What the callers of one level have seen so far."""

    def __init__(self) -> None:
        self.seconds: List[float] = []
        self.errors: Dict[str, int] = {}

    def failed(self, status: str) -> None:
        self.errors[status] = self.errors.get(status, 0) + 1


def measure(load: Load, callers: int, progress: Progress) -> Level:
    """Run one level: each caller makes one call after the other until the time is over."""
    selector = _IdleClock()
    loop = asyncio.SelectorEventLoop(selector)
    asyncio.set_event_loop(loop)  # grpc's channels look for it there on Python 3.6
    try:
        return loop.run_until_complete(_measure(load, callers, progress, selector))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _measure(load: Load, callers: int, progress: Progress, clock: "_IdleClock") -> Level:
    connections = _callers(load)
    calls = connections.open(callers)
    tally = _Tally()
    idle, started = clock.idle_seconds, time.perf_counter()
    until = started + load.seconds
    working = asyncio.gather(*[_repeat(call, until, tally) for call in calls])
    await _with_progress(
        working, lambda: progress(callers, time.perf_counter() - started, len(tally.seconds))
    )
    seconds = time.perf_counter() - started
    busy = 1 - (clock.idle_seconds - idle) / seconds
    await connections.close()
    return _level(callers, seconds, tally, busy)


def _callers(load: Load) -> Callers:
    if load.path:
        from serving_runtime.bench.http_callers import HttpCallers

        return HttpCallers(load)
    from serving_runtime.bench.grpc_callers import GrpcCallers

    return GrpcCallers(load)


async def _repeat(call: Call, until: float, tally: _Tally) -> None:
    """Be one caller."""
    while True:
        started = time.perf_counter()
        if started >= until:
            return
        problem = await call()
        if problem:
            tally.failed(problem)
        else:
            tally.seconds.append(time.perf_counter() - started)


async def _with_progress(working: "Awaitable[Any]", report: Callable[[], None]) -> None:
    """Wait for the callers, and report on them now and then."""
    pending = asyncio.ensure_future(working)
    while not pending.done():
        await asyncio.wait([pending], timeout=PROGRESS_SECONDS)
        report()
    await pending


def _level(callers: int, seconds: float, tally: _Tally, busy: float) -> Level:
    ordered = sorted(tally.seconds)
    return Level(
        callers=callers,
        seconds=seconds,
        answered=len(ordered),
        p50_ms=percentile(ordered, 50) * 1000,
        p99_ms=percentile(ordered, 99) * 1000,
        errors=tally.errors,
        client_busy=busy,
    )
