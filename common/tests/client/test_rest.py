import math
import socket

import numpy as np
import pytest

from serving_runtime.client import CallFailed, Client, connect
from serving_runtime.client.connection import ConnectionOptions
from serving_runtime.client.rest import RestClient
from serving_runtime.errors import InvalidInput, StartError, Unimplemented
from serving_runtime.signature import Tensor


@pytest.fixture
def client(rest_service):
    """Connect to the tiny service."""
    with connect(rest_service.address) as connected:
        yield connected


def test_a_url_is_called_by_http():
    """Everything else is an address of gRPC's."""
    for url in ("http://localhost:1", "HTTPS://localhost"):
        with connect(url) as client:
            assert isinstance(client, RestClient)
    for address in ("localhost:1", "unix:/nowhere", "dns:///localhost:1"):
        with connect(address) as client:
            assert isinstance(client, Client)


@pytest.mark.parametrize("as_content", [True, False])
def test_predict_sends_and_returns_arrays(client, rest_service, as_content):
    """Arrays keep their dtypes and shapes both ways, after the JSON or in it."""
    inputs = {
        "f": np.array([[1.5, 2.5]], np.float32),
        "i": 3,
        "b": np.array([True, False]),
        "empty": np.zeros((0, 3), np.int8),
        "s": ["grün", "b"],
        "h": Tensor("bfloat16", np.array([1.0], np.float32)),
        "u": np.array([2**63 - 1], np.uint64),
    }
    outputs = client.predict("predict", inputs, as_content=as_content)
    [request] = rest_service.requests
    assert request.signature_name == "predict"
    assert request.reply_context.is_binary == as_content
    assert request.tensors["h"].dtype == "bfloat16"
    assert list(outputs) == sorted(inputs)
    assert outputs["f"].dtype == np.float32
    np.testing.assert_array_equal(outputs["f"], [[3.0, 5.0]])
    assert (outputs["i"].shape, outputs["i"]) == ((), 6)
    assert outputs["b"].tolist() == [True, False]
    assert (outputs["empty"].shape, outputs["empty"].dtype) == ((0, 3), np.int8)
    assert outputs["s"].tolist() == ["grün".encode(), b"b"]
    assert outputs["u"].tolist() == [2**64 - 2]


@pytest.mark.parametrize("as_content", [True, False])
def test_nan_and_infinities_are_sent(client, as_content):
    """In JSON as the bare tokens that the service takes; it may answer NaN so."""
    outputs = client.predict("", {"x": np.array([math.nan])}, as_content=as_content)
    assert np.isnan(outputs["x"]).all()
    if as_content:
        assert client.predict("", {"x": [-math.inf]})["x"].tolist() == [-math.inf]


def test_the_model_is_asked_for_once(client, rest_service):
    """By the name that the service gives."""
    rest_service.models = ["größer 1"]
    for _ in range(2):
        client.predict("", {"x": 1})
    path = "/v2/models/gr%C3%B6%C3%9Fer%201/infer"
    assert rest_service.paths == ["/v2/models", path, path]


def test_the_url_may_name_the_model(rest_service):
    """Then nothing is asked for."""
    with connect(f"{rest_service.address}/v2/models/other/versions/2/") as client:
        client.predict("", {"x": 1})
    assert rest_service.paths == ["/v2/models/other/versions/2/infer"]


@pytest.mark.parametrize("models", [None, [], ["a", "b"]])
def test_a_service_that_names_no_model_wants_a_name(client, rest_service, models):
    """The failure says how to write it."""
    rest_service.models = models
    with pytest.raises(CallFailed) as caught:
        client.predict("", {"x": 1})
    assert caught.value.hint.endswith(f"{rest_service.address}/v2/models/NAME")


def test_a_refusal_has_the_service_s_words(client, rest_service):
    """And HTTP's status, and by which the log can be searched."""
    rest_service.failure = (400, b'{"error": "x is wrong"}')
    with pytest.raises(CallFailed) as caught:
        client.predict("", {"x": 1})
    assert str(caught.value) == "400 Bad Request: x is wrong\n  request id: abc123"
    rest_service.failure = (502, b"<html>bad gateway</html>")
    with pytest.raises(CallFailed, match="502 Bad Gateway: <html>bad gateway</html>"):
        client.predict("", {"x": 1})
    rest_service.failure = (401, b'{"error": "who"}')
    with pytest.raises(CallFailed, match="--token-file"):
        client.predict("", {"x": 1})


def test_what_a_call_carries(rest_service):
    """A token, the deadline, and whether the state is reset; and what comes back with it."""
    rest_service.more_headers = (("x-state-epoch", "7"),)
    with connect(rest_service.address, ConnectionOptions(token="secret")) as client:
        client.predict("", {"x": 1}, deadline_seconds=1.5, reset_state=True)
    assert client.state_epoch == 7
    headers = rest_service.headers
    assert headers["authorization"] == "Bearer secret"
    assert headers["x-request-timeout"] == "1.5"
    assert headers["x-reset-state"] == "1"


def test_a_connection_that_was_closed_is_opened_again(client, rest_service):
    """A service may close an idle one at any time."""
    rest_service.hangs_up = True
    for _ in range(3):
        assert client.predict("", {"x": 1})["x"] == 2


def test_where_nobody_listens_the_failure_says_what_to_look_at():
    """A port that is not taken, or a name that is none."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with connect(url) as client, pytest.raises(CallFailed) as caught:
            client.predict("", {"x": 1})
    assert caught.value.status == "UNAVAILABLE"
    assert url in caught.value.hint


def test_no_answer_in_time_is_a_deadline():
    """Whoever listens and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connect(url) as client, pytest.raises(CallFailed, match="no answer within 0.2 s"):
            client.predict("", {"x": 1}, deadline_seconds=0.2)


@pytest.mark.parametrize("url", ["http://", "http://:80", "http://host:port"])
def test_a_url_without_a_host_is_refused(url):
    """The fix is how to write it."""
    with pytest.raises(StartError, match="HOST:PORT"):
        connect(url)


def test_what_has_no_form_here_is_refused(client):
    """Complex numbers have no datatype, and bytes that are no text no JSON."""
    with pytest.raises(Unimplemented):
        client.predict("", {"x": 1j})
    with pytest.raises(InvalidInput, match=r'^input "x": \[0\] is no UTF-8 .* send it in binary'):
        client.predict("", {"x": [b"\xff"]}, as_content=False)


def test_an_answer_that_cannot_be_read_is_refused(client, rest_service):
    """The text names the output."""
    for body in (b'{"outputs": [{"name": "y", "datatype": "FP32", "shape": [1], "data": ["a"]}]}',):
        rest_service.failure = (200, body)
        with pytest.raises(InvalidInput, match=r'output "y": data\[0\] is "a"'):
            client.predict("", {"x": 1})
