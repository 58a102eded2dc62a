import pytest

from serving_runtime.model import Model
from serving_runtime.worker.concurrency import ASYNC_CALLS, SERIAL, Concurrency, settle


class Toy(Model):
    """A model of which nothing is run."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def predict(self, signature_name, inputs):
        """Return nothing."""
        return {}


ASYNC = {"asynchronous": frozenset({"infer"})}
THREADS = {"runs_in_threads": True}
STATEFUL = {"stateful": True}


@pytest.mark.parametrize(
    ("model", "wanted", "settled"),
    [
        ({}, 0, SERIAL),
        (THREADS, 0, SERIAL),
        (THREADS, 1, SERIAL),
        (THREADS, 10, Concurrency(10, 10)),
        (ASYNC, 0, Concurrency(ASYNC_CALLS, 1)),
        (ASYNC, 1, SERIAL),
        (ASYNC, 10, Concurrency(10, 1)),
        ({**ASYNC, **THREADS}, 0, Concurrency(ASYNC_CALLS, 1)),
        ({**ASYNC, **THREADS}, 10, Concurrency(10, 10)),
        ({**ASYNC, **THREADS, **STATEFUL}, 0, SERIAL),
    ],
)
def test_calls_at_once_follow_from_the_model_and_the_setting(model, wanted, settled, caplog):
    """By default those of coroutines alone; threads only where they are asked for."""
    assert settle(Toy(**model), wanted) == settled
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({}, "this framework's models run one call at a time"),
        ({**ASYNC, **THREADS, **STATEFUL}, "the model is stateful"),
    ],
)
def test_setting_without_effect_is_warned_of(model, reason, caplog):
    """The model is served all the same, one call at a time."""
    assert settle(Toy(**model), 2) == SERIAL
    [message] = caplog.messages
    assert message.startswith(f"RUNTIME_CONCURRENCY=2 has no effect: {reason}")
