from types import SimpleNamespace

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import NO_TIMINGS
from serving_runtime.server import silence
from serving_runtime.server.metrics import Counters


@pytest.fixture
def clock(monkeypatch):
    """Return the time that the module sees, in seconds, to be set at will."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(silence.time, "monotonic", lambda: now.seconds)
    return now


def test_it_is_long_once_no_call_was_there_for_a_while(clock):
    """Nothing that waits, runs or was answered lets it begin anew."""
    found = silence.Silence(SimpleNamespace(is_idle=True), Counters())
    clock.seconds += silence.LONG_ENOUGH_SECONDS - 0.1
    assert not found.is_long_enough
    clock.seconds += 0.1
    assert found.is_long_enough


def test_a_call_that_was_answered_between_two_looks_counts(clock):
    """A quick one is seen by the count of answers."""
    counters = Counters()
    found = silence.Silence(SimpleNamespace(is_idle=True), counters)
    clock.seconds += silence.LONG_ENOUGH_SECONDS
    counters.model.note(0, Status.OK, 0.0, NO_TIMINGS, 0, 0)
    assert not found.is_long_enough
    clock.seconds += silence.LONG_ENOUGH_SECONDS
    assert found.is_long_enough


def test_a_call_that_runs_is_no_silence(clock):
    """However long it takes."""
    dispatcher = SimpleNamespace(is_idle=False)
    found = silence.Silence(dispatcher, Counters())
    clock.seconds += 10 * silence.LONG_ENOUGH_SECONDS
    assert not found.is_long_enough
    dispatcher.is_idle = True
    assert not found.is_long_enough
    clock.seconds += silence.LONG_ENOUGH_SECONDS
    assert found.is_long_enough
