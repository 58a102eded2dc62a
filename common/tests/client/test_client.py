import socket

import grpc
import numpy as np
import pytest

from serving_runtime.client import CallFailed, Client, channel_options
from serving_runtime.client.arrays import tensor_of
from serving_runtime.signature import Tensor


@pytest.fixture
def client(service):
    """Connect to the tiny service."""
    with Client(service.address) as connected:
        yield connected


@pytest.mark.parametrize("as_content", [True, False])
def test_predict_sends_and_returns_arrays(client, service, as_content):
    """Arrays keep their dtypes and shapes both ways, in either encoding."""
    inputs = {
        "f": np.array([[1.5, 2.5]], np.float32),
        "i": 3,
        "b": np.array([True, False]),
        "empty": np.zeros((0, 3)),
    }
    outputs = client.predict("predict", inputs, as_content=as_content)
    assert service.requests[0].signature_name == "predict"
    assert service.requests[0].reply_context.as_content == as_content
    assert outputs["f"].dtype == np.float32
    np.testing.assert_array_equal(outputs["f"], [[3.0, 5.0]])
    assert (outputs["i"].shape, outputs["i"]) == ((), 6)
    assert outputs["b"].tolist() == [True, False]
    assert outputs["empty"].shape == (0, 3)


def test_strings_travel_as_bytes(client):
    """Text is sent as UTF-8, and strings come back as bytes, trailing NULs and all."""
    inputs = {"s": ["grün", "b"], "t": np.array([[b"x\0"]], dtype=object), "one": "word"}
    outputs = client.predict("", inputs)
    assert outputs["s"].tolist() == ["grün".encode(), b"b"]
    assert outputs["t"].tolist() == [[b"x\0"]]
    assert outputs["one"].item() == b"word"


def test_maps_are_dicts(client):
    """A dict is sent as a map, and a map comes back as a dict."""
    assert client.predict("", {"m": {"a": [1, 2], "b": {"c": 3}}})["m"]["b"]["c"] == 6


def test_tensor_says_what_numpy_cannot(client, service):
    """A Tensor is sent in its own dtype."""
    outputs = client.predict("", {"q": Tensor("bfloat16", np.array([1.0], np.float32))})
    assert service.requests[0].tensors["q"].dtype == "bfloat16"
    assert outputs["q"].tolist() == [2.0]


def test_large_messages_pass(client):
    """Messages beyond grpc's own 4 MiB pass both ways."""
    outputs = client.predict("", {"x": np.ones(3 * 2**20, np.float32)})
    assert outputs["x"].sum() == 6 * 2**20


@pytest.mark.parametrize("value", [np.datetime64("2026-01-01"), [None], [b"x", 3.0, {}]])
def test_what_no_tensor_can_hold_is_refused(value):
    """A value of no tensor's type is refused by name before anything is sent."""
    with pytest.raises(TypeError, match='input "x"'):
        tensor_of(np.array(value, dtype=object if isinstance(value, list) else None), "x")


def test_health_and_status(client, service):
    """Health is the protocol's word, Status has a message for people."""
    assert client.health() == "SERVING"
    assert client.health("a.service" * 20) == "SERVING"
    assert client.status() == ("SERVING", "ok")
    for payload, word in ((b"", "UNKNOWN"), (b"\x08\x02", "NOT_SERVING"), (b"\x08\x63", "UNKNOWN")):
        service.health = payload
        assert client.health() == word


def test_failure_carries_status_details_and_request_id(client, service):
    """A refused call raises with the service's own words and the id its log knows."""
    service.failure = (grpc.StatusCode.INVALID_ARGUMENT, 'input "x" is missing')
    with pytest.raises(CallFailed) as caught:
        client.predict("", {})
    assert caught.value.status == "INVALID_ARGUMENT"
    assert caught.value.details == 'input "x" is missing'
    assert caught.value.hint == ""
    assert str(caught.value) == 'INVALID_ARGUMENT: input "x" is missing\n  request id: abc123'


def test_reset_is_asked_for_in_metadata(client, service):
    """Only where it is wanted: a stateless model refuses it."""
    client.predict("", {"x": 1})
    assert "x-reset-state" not in service.metadata
    client.predict("", {"x": 1}, reset_state=True)
    assert service.metadata["x-reset-state"] == "1"


def test_epoch_of_the_last_answer_is_kept(client, service):
    """None for a stateless model, else what the last answer said, a failure too."""
    client.predict("", {"x": 1})
    assert client.state_epoch is None
    service.trailing = (("x-state-epoch", "4"),)
    client.predict("", {"x": 1})
    assert client.state_epoch == 4
    service.trailing = (("x-state-epoch", "5"),)
    service.failure = (grpc.StatusCode.INTERNAL, "no")
    with pytest.raises(CallFailed):
        client.predict("", {"x": 1})
    assert client.state_epoch == 5


def test_nobody_there_is_shown_with_a_hint():
    """A refused connection says which address was tried."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with Client(address) as client, pytest.raises(CallFailed) as caught:
            client.health(deadline_seconds=20)
    assert caught.value.status == "UNAVAILABLE"
    assert f"nothing answers at {address}" in str(caught.value)


def test_loopback_is_never_reached_through_a_proxy():
    """A proxy in the environment is used for other hosts only."""
    assert ("grpc.enable_http_proxy", 0) in channel_options("localhost:9090")
    assert ("grpc.enable_http_proxy", 0) not in channel_options("models.example.com:9090")
