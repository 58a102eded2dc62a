import asyncio
import math
import time

import pytest

from serving_runtime.server.timer import EarliestTimer


@pytest.fixture
def firings():
    """Collect the times at which timers fired."""
    return []


def set_within(lock, timer, due):
    """Set a timer, holding the front lock as its callers do."""
    with lock:
        timer.set(due)


def test_fires_once_at_the_soonest_time(run, until, lock, firings):
    """Later times that were asked for meanwhile are forgotten: who firings may set it again."""

    async def scenario():
        timer = EarliestTimer(lock, lambda: firings.append(time.monotonic()))
        begun = time.monotonic()
        for seconds in (60.0, 0.05, 0.2):
            set_within(lock, timer, begun + seconds)
        await until(lambda: firings)
        assert firings[0] >= begun + 0.05
        await until(lambda: time.monotonic() > begun + 0.3)
        assert len(firings) == 1

    run(scenario())


def test_one_that_has_fired_meanwhile_waits_for_nothing(run, until, lock, firings):
    """A loop that lags may fire before it comes to arming: endless timers end Python 3.6's loop."""

    async def scenario():
        timer = EarliestTimer(lock, lambda: firings.append(math.inf))
        set_within(lock, timer, time.monotonic() + 60.0)
        timer._fire()
        await asyncio.sleep(0)  # the arming that was asked for
        assert firings == [math.inf]
        assert timer._timer is None
        set_within(lock, timer, time.monotonic())
        await until(lambda: len(firings) == 2)

    run(scenario())


def test_set_without_the_front_lock_is_caught(run, lock):
    """Another thread might be setting it too, and the later time would win."""

    async def scenario():
        timer = EarliestTimer(lock, lambda: None)
        for use in (lambda: timer.set(time.monotonic()), timer.cancel):
            with pytest.raises(RuntimeError, match="front lock"):
                use()

    run(scenario())
