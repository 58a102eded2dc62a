from pathlib import Path

import numpy as np
import pytest

from runtimes.tensorflow.tests.direct import equal
from tests.conformance import test_state
from tests.conformance.setups import setups
from tests.support.targets import SERVER

MODELS = Path(__file__).resolve().parent / "models"
CALLS = 100
# A state of matrices and one of numbers, and the two ways to mark state.
STATEFUL = {"recurrent": "predict", "sequence": "step", "sequence_named": "step"}
SERVED = [
    setup
    for name in test_state.MODELS
    for setup in setups(name, [SERVER])
    if setup.framework == "tensorflow"
]


def inputs_of(name, call):
    """Return the input of a call, another one each time."""
    random = np.random.RandomState(call)
    if name == "recurrent":
        return {"x": random.uniform(-1, 1, [1, 3]).astype(np.float32)}
    return {"x": np.array(random.randint(1000), np.int64)}


@pytest.fixture(params=STATEFUL)
def stateful(request, load, direct):
    """A stateful model, the name of its signature, and the same in TensorFlow itself."""
    files = MODELS / request.param / "files"
    return request.param, load(files), direct(files)


def test_a_hundred_calls_are_those_of_tensorflow_itself(stateful):
    """Every answer is the same to the last bit, so the state went from call to call."""
    name, model, reference = stateful
    assert model.stateful
    answers = []
    for call in range(CALLS):
        inputs = inputs_of(name, call)
        answers.append(model.predict(STATEFUL[name], inputs))
        assert equal(answers[-1], reference.call(STATEFUL[name], inputs))
    assert not equal(answers[0], answers[-1])


def test_a_reset_returns_to_the_zero_state(stateful):
    """After a reset the first answers come again."""
    name, model, reference = stateful
    for _ in range(2):
        assert equal(
            model.predict(STATEFUL[name], inputs_of(name, 1)),
            reference.call(STATEFUL[name], inputs_of(name, 1)),
        )
        model.predict(STATEFUL[name], inputs_of(name, 2))
        model.reset()
        reference.reset()


@pytest.mark.parametrize("setup", SERVED, ids=str)
def test_what_nine_clients_are_told_is_one_run_of_tensorflow_itself(direct, setup):
    """Replayed in the order that the answers tell, TensorFlow answers the same."""
    with setup.start() as service:
        places, numbers = test_state.ask_from_many_clients(service)
    reference = direct(setup.model_dir / "files")
    for (position, total), number in zip(places, numbers):
        told = reference.call("step", {"x": np.array(number, np.int64)})
        assert (position, total) == (told["position"], told["total"])
