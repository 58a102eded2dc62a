import json

import pytest

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.model_names import ModelNames
from serving_runtime.operations import AnsweredBy
from serving_runtime.server.about import STATES
from serving_runtime.server.health import Health, Phase
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.transport import Request

READY = (operations.READYZ, operations.REST_READY, operations.PING, operations.REST_MODEL_READY)
LIVE = (operations.LIVEZ, operations.REST_LIVE, operations.ROOT)


@pytest.fixture
def health(loop):
    """Return the state of a service that loads its model."""
    return Health()


@pytest.fixture
def ask(health):
    """Return a function that asks a door; returns the reply, and its body."""
    answers = Doors(health).answers()

    def ask(row, target="", version=""):
        attributes = {"model-version": version} if version else {}
        request = Request(row, b"", "", None, None, print, target, attributes)
        reply = answers[row](request)
        return reply, json.loads(reply.payload.decode()) if reply.payload else None

    return ask


def serve(health):
    """Have the model loaded."""
    health.model_names = ModelNames("iris", ("iris", "other"), "3")
    health.enter(Phase.SERVING)


def test_every_row_of_http_that_the_front_answers_has_a_door(health):
    """And no other row, but for the metrics, of which the doors know nothing."""
    rows = {
        row for row in operations.ALL if row.http_routes and row.answered_by is AnsweredBy.FRONT
    }
    assert {*Doors(health).answers(), operations.METRICS} == rows


@pytest.mark.parametrize(
    ("phases", "ready", "live", "healthy"),
    [
        ([], False, True, False),
        ([Phase.SERVING], True, True, True),
        ([Phase.SERVING, Phase.NO_WORKER], False, True, True),
        ([Phase.SERVING, Phase.LOST], False, False, False),
        ([Phase.SERVING, Phase.DRAINING], False, True, True),
        ([Phase.DRAINING], False, True, False),
    ],
)
def test_health_in_every_phase(health, ask, phases, ready, live, healthy):
    """The status says it, a field says it, and what is wrong is said in ``error``."""
    for phase in phases:
        health.enter(phase)
    for rows, is_so in ((READY, ready), (LIVE, live), ([operations.HEALTHZ], healthy)):
        for row in rows:
            reply, body = ask(row)
            assert (reply.status is Status.OK) is is_so
            fields = [body[key] for key in body if key not in ("error", "name", "status")]
            assert fields in ([], [is_so])
            assert body.get("error", "") == ("" if is_so else health.why_not_ready)


def test_what_is_stuck_is_alive_but_not_ready(health, ask):
    """Nobody is to be killed for being busy."""
    serve(health)
    health.note_stuck(True)
    assert ask(operations.READYZ)[0].status is Status.UNAVAILABLE
    assert ask(operations.LIVEZ)[0].status is Status.OK
    assert ask(operations.HEALTHZ)[0].status is Status.OK


@pytest.mark.parametrize(
    "row", [operations.REST_MODEL_READY, operations.V1_MODEL, operations.REST_VERSIONS]
)
@pytest.mark.parametrize(
    ("target", "version", "is_there"),
    [("iris", "", True), ("other", "3", True), ("none", "", False), ("iris", "4", False)],
)
def test_which_models_there_are(health, ask, row, target, version, is_there):
    """By any of its names and its version; all else is not found."""
    serve(health)
    reply, body = ask(row, target, version)
    assert (reply.status is Status.OK) is is_there
    if is_there:
        assert body["name"] == "iris"
    else:
        assert reply.reason == "model_not_found"
        assert "iris" in reply.details


def test_before_the_model_has_loaded_no_name_is_known(ask):
    """None is ready, and none is refused."""
    assert ask(operations.REST_MODEL_READY, "iris")[1]["name"] == "iris"
    assert ask(operations.V1_MODEL, "iris")[1]["ready"] is False
    assert ask(operations.REST_VERSIONS, "iris")[0].status is Status.UNAVAILABLE
    assert ask(operations.V1_MODELS)[1] == {"models": []}
    assert ask(operations.REST_MODELS)[1] == {"models": []}


@pytest.mark.parametrize("phase", list(Phase))
def test_the_model_s_state_in_both_forms(health, ask, phase):
    """KServe reads ``ready``, TensorFlow Serving ``model_version_status``."""
    serve(health)
    health.enter(phase)
    _, body = ask(operations.V1_MODEL, "iris")
    [status] = body["model_version_status"]
    assert status["state"] == STATES[phase]
    assert body["ready"] is (phase is Phase.SERVING)
    assert (status["status"]["error_code"] == "OK") is (not status["status"]["error_message"])


def test_what_the_server_says_of_itself(health, ask):
    """Its name, its version, and what it can beside the standard."""
    serve(health)
    _, body = ask(operations.REST_SERVER_METADATA)
    assert body["name"] == "serving-runtime"
    assert "binary_tensor_data" in body["extensions"]
    assert ask(operations.V1_MODELS)[1] == {"models": ["iris"]}
    assert ask(operations.REST_VERSIONS, "iris")[1] == {"name": "iris", "versions": ["3"]}
    assert Doors(health).model_name() == "iris"
