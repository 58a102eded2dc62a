"""Good and bad calls over every protocol in each of its codecs are counted, each once."""

import collections

import pytest

from tests.support import cases, models
from tests.support.scrapes import scrape, web_of
from tests.support.services import Connection
from tests.support.wires import every_wire

GOOD, BAD = 5, 3
CONTRACT = """
signatures:
  - name: only
    inputs: {x: {shape: [-1], type: double}}
    outputs: {y: {shape: [-1], type: double}}
"""
MODEL = "def only(x):\n    return {'y': x}\n"
CASE = cases.answered("", "", "", {"x": cases.tensor("float64", [1.5])})
UNREADABLE = b"\xff{"
HTTP = "http_server_request_duration_seconds_count"
GRPC = "grpc_server_handled_total"


@pytest.fixture(scope="module")
def server(launch, tmp_path_factory):
    """A model of one signature, which every wire can call."""
    folder = tmp_path_factory.mktemp("model")
    server = launch(models.write(folder, MODEL, CONTRACT), RUNTIME_HTTP_PORT="0")
    yield server.wait_serving()
    server.end()


@pytest.fixture
def connection(server):
    """A client over both transports."""
    connection = Connection(server.address, web_of(server).address)
    yield connection
    connection.close()


def counted(server):
    """Return how many calls there were, by what became of them; as a transport and we count."""
    found = scrape(server)
    by_code = collections.Counter()
    for (name, labels), value in found.samples.items():
        known = dict(labels)
        if name == "serving_runtime_calls_total":
            by_code[known["status"]] += value
        elif name == GRPC and not known["grpc_service"].startswith("grpc."):
            by_code[known["grpc_code"]] += value
        elif name == HTTP and known["http_request_method"] == "POST":
            by_code[known["http_response_status_code"]] += value
    return by_code


@pytest.mark.parametrize("wire", every_wire(), ids=str)
def test_calls_over_a_wire_are_counted_once(server, connection, wire):
    """By the transport, in its own words, and as calls of the model, in ours."""
    assert not wire.gap(CASE)
    good = wire.write(CASE)
    before = counted(server)
    answers = connection.answer_calls(
        [good] * GOOD + [good._replace(payload=UNREADABLE, attributes={})] * BAD
    )
    assert [answer.status == "OK" for answer in answers] == [True] * GOOD + [False] * BAD
    words = ("200", "400") if good.operation.http_routes else ("OK", "InvalidArgument")
    expected = collections.Counter(dict(zip(words, (GOOD, BAD))))
    expected.update({"OK": GOOD, "INVALID_ARGUMENT": BAD})
    assert counted(server) - before == expected
