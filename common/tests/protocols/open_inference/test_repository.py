import json

import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, Unimplemented
from serving_runtime.protocols.open_inference import repository
from serving_runtime.protocols.open_inference.repository import Index, RestIndex
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract

SETTINGS = Settings.from_env({"MODEL_NAME": "served"})
CONTRACT = Contract("own", (), 3)


def test_the_index_has_the_one_model():
    """It is ready: a worker answers that has loaded it."""
    payload, attributes = Index(CONTRACT, SETTINGS).answer(b"", "", {})
    message = message_class("inference.RepositoryIndexResponse").FromString(payload)
    assert [(it.name, it.version, it.state) for it in message.models] == [("served", "3", "READY")]
    assert attributes == {}
    with pytest.raises(InvalidInput):
        Index(CONTRACT, SETTINGS).answer(b"\xff", "", {})


@pytest.mark.parametrize("body", [b"", b'{"ready": true}'])
def test_over_rest_the_index_is_a_list(body):
    """A body is no must; one that is there is JSON."""
    payload, _ = RestIndex(CONTRACT, SETTINGS).answer(body, "", {})
    assert json.loads(payload.decode()) == [
        {"name": "served", "version": "3", "state": "READY", "reason": ""}
    ]
    with pytest.raises(InvalidInput):
        RestIndex(CONTRACT, SETTINGS).answer(b"[]", "", {})


@pytest.mark.parametrize("method", sorted(repository.REASONS))
def test_what_is_not_served_is_refused_by_its_name(method):
    """Whatever is in the request; the text has the reason."""
    refused = repository.refusal_of(method)(CONTRACT, SETTINGS)
    with pytest.raises(Unimplemented, match=f"^{method} is not served: "):
        refused.answer(b"\x0a\x01x", "", {})
