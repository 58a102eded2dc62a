import json

import numpy as np
import pytest

import hydro_serving_grpc as hs
from tests.conformance.setups import naming_over, recorded_setups
from tests.support.cases import OK, Case, Outcome, tensor
from tests.support.wires.tensorflow_serving import DTYPES


def tensors(described):
    """Return the tensors that a recording describes."""
    return {
        name: tensor(DTYPES[hs.DataType.Value(it["dtype"])], it["values"], it["shape"])
        for name, it in described.items()
    }


@pytest.mark.parametrize("setup", recorded_setups(), ids=str)
def test_the_same_model_gives_the_same_numbers(serve, setup):
    """A model answers as it did to those who made it, whichever version serves it."""
    recorded = json.loads((setup.model_dir / "recorded.json").read_text())
    service = serve(setup, fresh=True)
    wires = naming_over(service)
    for number, call in enumerate(recorded["calls"]):
        wire = wires[number % len(wires)]
        sent = tensors(call["inputs"])
        case = Case("recorded", setup.model, recorded["signature"], sent, Outcome())
        [answer] = service.answer_calls([wire.write(case)])
        outcome = wire.read(answer)
        assert outcome.status == OK, outcome.text
        assert_close(outcome.outputs, tensors(call["outputs"]), recorded["tolerance"])


def assert_close(outputs, recorded, tolerance):
    """Check that outputs are those that were recorded, but for the last bits of their numbers."""
    assert sorted(outputs) == sorted(recorded)
    for name, expected in recorded.items():
        received = outputs[name]
        assert received.dtype == expected.dtype
        assert received.array.shape == expected.array.shape
        np.testing.assert_allclose(received.array, expected.array, rtol=0, atol=tolerance)
