import pytest
from phases import in_phase

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import Status
from serving_runtime.model_names import ModelNames
from serving_runtime.server.grpc.model_service import ModelService
from serving_runtime.server.health import Health, Phase

Request = message_class("tensorflow.serving.GetModelStatusRequest")
Response = message_class("tensorflow.serving.GetModelStatusResponse")

# By TensorFlow Serving's numbers.
LOADING, AVAILABLE, UNLOADING, END = 20, 30, 40, 50
STATES = {
    Phase.LOADING: LOADING,
    Phase.SERVING: AVAILABLE,
    Phase.NO_WORKER: LOADING,
    Phase.LOST: END,
    Phase.DRAINING: UNLOADING,
}


def told(health, payload=b""):
    """Return what is said of the model's one version."""
    reply = ModelService(health).status(payload)
    assert (reply.status, reply.details) == (Status.OK, "")
    [version] = Response.FromString(reply.payload).model_version_status
    return version


def ask(version=None):
    """Return the bytes of a request."""
    request = Request()
    request.model_spec.name = "any"
    if version is not None:
        request.model_spec.version.SetInParent()
        request.model_spec.version.value = version
    return request.SerializeToString()


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_has_a_state(phase):
    """Only where the model may never be back, or is lost, is there an error."""
    version = told(in_phase(phase), ask())
    assert version.state == STATES[phase]
    assert version.HasField("status")
    is_error = phase in (Phase.NO_WORKER, Phase.LOST)
    assert version.status.error_code == (Status.UNAVAILABLE if is_error else Status.OK)
    assert version.status.error_message == (phase.value if is_error else "")


def test_busy_workers_have_the_model():
    """Calls wait for them; it is readiness that says whether to send more."""
    health = in_phase(Phase.SERVING)
    health.note_stuck(True)
    assert told(health, ask()).state == AVAILABLE


@pytest.mark.parametrize(("asked", "version"), [(None, 20), (7, 7), (0, 0)])
def test_the_version_is_the_one_that_was_asked_for(asked, version):
    """There is one model, whatever it is asked for by; without a version it is the model's own."""
    health = Health()
    assert told(health).version == 1  # until it is known
    health.model_names = ModelNames("m", ("m",), "20")
    assert told(health, ask(asked)).version == version


@pytest.mark.parametrize("payload", [b"\xff", b"\x0a\x05ab", b"\x0a\x03\x0a\x01\xff"])
def test_unreadable_requests_are_the_client_s_fault(payload):
    """Bytes that are no request are INVALID_ARGUMENT, not a broken server."""
    reply = ModelService(Health()).status(payload)
    assert reply.status == Status.INVALID_ARGUMENT
    assert "GetModelStatusRequest" in reply.details


@pytest.mark.parametrize("payload", [b"", b"\xff"])
def test_another_configuration_is_refused(payload):
    """The text says what to do instead."""
    reply = ModelService(in_phase(Phase.SERVING)).reload_config(payload)
    assert reply.status == Status.UNIMPLEMENTED
    assert "HandleReloadConfigRequest is not served" in reply.details
    assert "MODEL_DIR" in reply.details
