import pytest
from hypothesis import given
from hypothesis import strategies as st
from phases import in_phase

import serving_runtime
from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import Status
from serving_runtime.model_names import ModelNames
from serving_runtime.server.grpc.open_inference import OpenInferenceService, stream_failure
from serving_runtime.server.health import Phase, Question
from serving_runtime.server.transport import Reply

ServerLive = message_class("inference.ServerLiveResponse")
ServerReady = message_class("inference.ServerReadyResponse")
ModelReadyRequest = message_class("inference.ModelReadyRequest")
ModelReady = message_class("inference.ModelReadyResponse")
ServerMetadata = message_class("inference.ServerMetadataResponse")
InferRequest = message_class("inference.ModelInferRequest")
StreamResponse = message_class("inference.ModelStreamInferResponse")

REFUSED = Reply(Status.RESOURCE_EXHAUSTED, "as many wait as may", b"")


def service(phase, names=("flowers", "iris")):
    """Return a service in a phase, which has loaded a model of these names, or none."""
    health = in_phase(phase)
    health.model_names = ModelNames(names[0], names, "7") if names else None
    return OpenInferenceService(health)


def is_ready(answers, name="", version=""):
    """Return the answer to ModelReady, of a model that is there."""
    reply = answers.model_ready(ModelReadyRequest(name=name, version=version).SerializeToString())
    assert reply.status == Status.OK
    return ModelReady.FromString(reply.payload).ready


@pytest.mark.parametrize("phase", Phase)
def test_live_and_ready_are_those_of_grpcs_health_service(phase):
    """One service has one health, by whichever protocol it is asked."""
    answers, health = service(phase), in_phase(phase)
    live = ServerLive.FromString(answers.server_live(b"").payload).live
    ready = ServerReady.FromString(answers.server_ready(b"").payload).ready
    assert (live, ready) == (health.answer(Question.LIVENESS), phase is Phase.SERVING)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("name", ["flowers", "iris", ""])
@pytest.mark.parametrize("version", ["7", ""])
def test_the_model_is_ready_as_the_server_is(phase, name, version):
    """By each of its names, and by none."""
    assert is_ready(service(phase), name, version) is (phase is Phase.SERVING)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(("name", "version"), [("roses", ""), ("flowers", "1"), ("", "1")])
def test_another_model_is_never_ready(phase, name, version):
    """It is not found, in any phase: a client would send it requests."""
    request = ModelReadyRequest(name=name, version=version).SerializeToString()
    reply = service(phase).model_ready(request)
    assert (reply.status, reply.reason) == (Status.NOT_FOUND, "model_not_found")
    assert '"flowers"' in reply.details


@pytest.mark.parametrize("name", ["", "flowers", "roses"])
def test_no_model_is_ready_before_one_has_loaded(name):
    """Which names it has is the worker's to say."""
    assert is_ready(service(Phase.LOADING, names=()), name) is False


@pytest.mark.parametrize("payload", [b"\xff", b"\x0a\x05ab", b"\x0a\x01\xff"])
def test_an_unreadable_question_is_the_clients_fault(payload):
    """Bytes that are no request are INVALID_ARGUMENT."""
    reply = service(Phase.SERVING).model_ready(payload)
    assert reply.status == Status.INVALID_ARGUMENT
    assert "ModelReadyRequest" in reply.details


def test_the_server_says_who_it_is():
    """In every phase; clients look at the extensions before they use one."""
    answer = ServerMetadata.FromString(service(Phase.LOADING).server_metadata(b"").payload)
    assert (answer.name, answer.version) == ("serving-runtime", serving_runtime.__version__)
    assert list(answer.extensions) == ["model_configuration", "parameters", "statistics"]


@pytest.mark.parametrize("request_id", ["", "7", "\N{SNOWMAN}" * 100, "x" * 20_000])
@pytest.mark.parametrize(
    "named", [{}, {"model_name": "iris"}, {"model_name": "i" * 300, "model_version": "1"}]
)
def test_a_failed_message_keeps_its_id(request_id, named):
    """The error stands beside it, and nothing else does."""
    request = InferRequest(id=request_id, raw_input_contents=[bytes(100)], **named)
    request.inputs.add(name="x", datatype="FP32", shape=[25])
    written = StreamResponse.FromString(stream_failure(REFUSED, request.SerializeToString()))
    expected = StreamResponse(error_message="as many wait as may")
    if request_id:
        expected.infer_response.id = request_id
    assert written == expected


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"\xff" * 20,
        b"\x1a",
        b"\x1a\xff",
        b"\x1a\x05ab",
        b"\x1a\x02\xff\xff",
        b"\x1a" + b"\xff" * 9 + b"\x01ab",
        b"\x0a\x01\x12\x01",
        b"\x12\x01a\x0a\x01b\x1a\x01c",
        b"\x0a\x00" * 100_000 + b"\x1a\x01c",
        b"\x3a\x01x\x1a\x01c",
    ],
)
def test_what_is_no_request_has_no_id(request_bytes):
    """Its error is told all the same, and nobody looks far for what is not there."""
    written = StreamResponse.FromString(stream_failure(REFUSED, request_bytes))
    assert written == StreamResponse(error_message="as many wait as may")


@given(st.text(), st.text(), st.text(), st.binary(max_size=20))
def test_the_id_is_found_as_protobuf_finds_it(name, version, request_id, raw):
    """Whatever the strings before it are, and whatever stands behind it."""
    request = InferRequest(
        model_name=name, model_version=version, id=request_id, raw_input_contents=[raw]
    )
    written = StreamResponse.FromString(stream_failure(REFUSED, request.SerializeToString()))
    assert written.infer_response.id == request_id


@given(st.binary(max_size=40))
def test_bytes_of_any_kind_are_answered(payload):
    """Clients send what they like, and each of their messages has an answer."""
    written = StreamResponse.FromString(stream_failure(REFUSED, payload))
    assert written.error_message == REFUSED.details
