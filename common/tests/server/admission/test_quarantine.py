import pytest

from serving_runtime.errors import Status
from serving_runtime.operations import GET_MODEL_METADATA, PREDICT
from serving_runtime.server.admission import quarantine
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.quarantine import Quarantine


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still until it is set."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(quarantine, "time", clock)
    return clock


def call(payload=b"poison", operation=PREDICT):
    """Return a call."""
    return FrontCall(1, operation, payload, "id", 0.0)


def test_remembered_request_is_refused_until_its_time_is_over(clock):
    """The client is told why, and for how long."""
    memory = Quarantine(60.0)
    memory.note(call())
    clock.now += 20
    error = memory.refusal(call())
    assert error.status is Status.INTERNAL
    assert "refused for another 40 s (RUNTIME_POISON_TTL)" in str(error)
    clock.now += 40
    assert memory.refusal(call()) is None


@pytest.mark.parametrize(
    "other", [call(b"innocent"), call(b"Poison"), call(operation=GET_MODEL_METADATA), call(b"")]
)
def test_other_requests_are_not(clock, other):
    """Neither of another length, nor of the same one, nor of another method."""
    memory = Quarantine(60.0)
    memory.note(call())
    assert memory.refusal(other) is None


def test_only_as_long_as_a_remembered_one_is_hashed(clock, monkeypatch):
    """A poisonous request must not make every large one slow."""
    memory = Quarantine(60.0)
    memory.note(call())
    monkeypatch.setattr(quarantine, "_fingerprint", lambda call: pytest.fail("hashed"))
    assert memory.refusal(call(b"a longer one")) is None


def test_request_that_ends_workers_again_is_remembered_anew(clock):
    """Its time begins again."""
    memory = Quarantine(60.0)
    memory.note(call())
    clock.now += 59
    memory.note(call())
    clock.now += 59
    assert memory.refusal(call()) is not None


def test_zero_seconds_remember_nothing(clock):
    """The setting switches it off."""
    memory = Quarantine(0.0)
    memory.note(call())
    assert memory.refusal(call()) is None


def test_memory_is_bounded(clock):
    """The oldest is forgotten: a client that makes up ever new poison takes no memory for it."""
    memory = Quarantine(60.0)
    for number in range(quarantine.MAX_REMEMBERED + 1):
        memory.note(call(b"%06d" % number))
    assert memory.refusal(call(b"%06d" % 0)) is None
    assert memory.refusal(call(b"%06d" % 1)) is not None
    assert memory.refusal(call(b"%06d" % quarantine.MAX_REMEMBERED)) is not None
