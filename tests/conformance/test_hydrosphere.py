import pytest

from tests.conformance.hydrosphere import EXCHANGES
from tests.conformance.setups import exchanges
from tests.conformance.tensorflow_serving.exchange import assert_same
from tests.support.cases import OK
from tests.support.services import Call
from tests.support.targets import IN_PROCESS
from tests.support.wire import DEFAULTS
from tests.support.wires.tensorflow_serving import canonical


def alone(exchange):
    """Return the signature that must be the only one served, since no request names any."""
    return "" if exchange.signature in DEFAULTS else exchange.signature


RUNS = [
    (setup._replace(alone="" if setup.target is IN_PROCESS else alone(exchange)), exchange)
    for setup, exchange in exchanges(EXCHANGES)
]


@pytest.mark.parametrize(
    ("setup", "exchange"), RUNS, ids=[f"{setup}: {exchange.title}" for setup, exchange in RUNS]
)
def test_exchange(serve, setup, exchange):
    """A request gets the reply or the refusal that its exchange says, to the last bit and word."""
    call = Call(exchange.operation, exchange.request, alone=alone(exchange))
    [answer] = serve(setup).answer_calls([call])
    assert_same(answer, exchange)
    if exchange.status == OK:
        received = type(exchange.reply).FromString(answer.payload)
        assert canonical(received) == canonical(exchange.reply)
