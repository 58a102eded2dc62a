import pytest

from tests.conformance.setups import exchanges
from tests.conformance.tensorflow_serving import EXCHANGES, metadata
from tests.conformance.tensorflow_serving.exchange import assert_same
from tests.support.cases import OK
from tests.support.wires.tensorflow_serving import canonical

RUNS = list(exchanges(EXCHANGES))


def without_what_differs(message):
    """Return a reply without what frameworks call their tensors."""
    is_metadata = isinstance(message, metadata.Response)
    return metadata.without_tensor_names(message) if is_metadata else message


@pytest.mark.parametrize(
    ("setup", "exchange"), RUNS, ids=[f"{setup}: {exchange.title}" for setup, exchange in RUNS]
)
def test_exchange(serve, setup, exchange):
    """A request gets the reply or the refusal that its exchange says, to the last bit and word."""
    answer = serve(setup).answer(exchange.request, exchange.operation)
    assert_same(answer, exchange)
    if exchange.status == OK:
        received = type(exchange.reply).FromString(answer.payload)
        assert canonical(without_what_differs(received)) == canonical(
            without_what_differs(exchange.reply)
        )
