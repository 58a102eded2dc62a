import json

import numpy as np
import pytest

import hydro_serving_grpc as hs
from tests.conformance.cases.dtypes import SAMPLES
from tests.conformance.messages import request, tensor
from tests.conformance.setups import recorded_setups

FIELDS = {sample.number: sample.field for sample in SAMPLES}


def written(described):
    """Return a tensor of what a recording says of it."""
    number = hs.DataType.Value(described["dtype"])
    return tensor(number, described["shape"], **{FIELDS[number]: described["values"]})


def form(message):
    """Return what must be the same whatever the numbers are."""
    return message.dtype, [dim.size for dim in message.tensor_shape.dim]


@pytest.mark.parametrize("setup", recorded_setups(), ids=str)
def test_the_same_model_gives_the_same_numbers(serve, setup):
    """A model answers as it did to those who made it, whichever version serves it."""
    recorded = json.loads((setup.model_dir / "recorded.json").read_text())
    service = serve(setup, fresh=True)
    for call in recorded["calls"]:
        sent = {name: written(it) for name, it in call["inputs"].items()}
        answer = service.answer(request(recorded["signature"], **sent))
        assert (answer.status, answer.details) == ("OK", "")
        outputs = hs.PredictResponse.FromString(answer.payload).outputs
        assert sorted(outputs) == sorted(call["outputs"])
        for name, described in call["outputs"].items():
            expected, received = written(described), outputs[name]
            assert form(received) == form(expected)
            values = getattr(received, FIELDS[received.dtype])
            np.testing.assert_allclose(
                values, described["values"], rtol=0, atol=recorded["tolerance"]
            )
