import asyncio
import math
import time

import pytest

from serving_runtime.server.timer import EarliestTimer


@pytest.fixture
def rings():
    """Collect the times at which alarms rang."""
    return []


def set_within(lock, alarm, due):
    """Set an alarm, in a turn as its callers do."""
    with lock:
        alarm.set(due)


def test_rings_once_at_the_soonest_time(run, until, lock, rings):
    """Later times that were asked for meanwhile are forgotten: who rings may set it again."""

    async def scenario():
        alarm = EarliestTimer(lock, lambda: rings.append(time.monotonic()))
        begun = time.monotonic()
        for seconds in (60.0, 0.05, 0.2):
            set_within(lock, alarm, begun + seconds)
        await until(lambda: rings)
        assert rings[0] >= begun + 0.05
        await until(lambda: time.monotonic() > begun + 0.3)
        assert len(rings) == 1

    run(scenario())


def test_one_that_has_rung_meanwhile_waits_for_nothing(run, until, lock, rings):
    """A loop that lags may ring before it comes to arming: endless timers end Python 3.6's loop."""

    async def scenario():
        alarm = EarliestTimer(lock, lambda: rings.append(math.inf))
        set_within(lock, alarm, time.monotonic() + 60.0)
        alarm._fire()
        await asyncio.sleep(0)  # the arming that was asked for
        assert rings == [math.inf]
        assert alarm._timer is None
        set_within(lock, alarm, time.monotonic())
        await until(lambda: len(rings) == 2)

    run(scenario())
