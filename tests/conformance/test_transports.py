"""What a transport can influence, over each of them: methods, sizes, metadata, many at once.

Which values, dtypes and problems there are is nothing to a transport, which reads no payload; so
one model is enough, that every framework has. Deadlines, cancelled calls and the end of a server
are in ``tests/system/faults``, bytes, every status and TLS in ``common/tests/server/grpc``.
"""

import grpc
import pytest
from google.protobuf import descriptor_pb2

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.operations import GET_MODEL_METADATA
from tests.conformance.setups import setups
from tests.conformance.tensorflow_serving import metadata
from tests.support.cases import EXHAUSTED, INVALID, OK
from tests.support.messages import reply, request, tensor
from tests.support.services import PREDICT, WATCH, Call, HealthRequest, HealthResponse
from tests.support.targets import OVER_EACH_TRANSPORT

MODEL = "identity"
CHECK = operations.HEALTH_CHECK.grpc_method
STATUS = operations.STATUS.grpc_method
SERVICE = operations.PREDICT.grpc_service
REFLECTION = [operations.REFLECTION_V1.grpc_method, operations.REFLECTION_V1ALPHA.grpc_method]
SECONDS = 30
LIMIT = "64KiB"
# Up to here bytes go from process to process in a frame, beyond by shared memory.
SIZES_BYTES = (0, 1, 2**16, 2**20)

ModelStatus = message_class("tensorflow.serving.GetModelStatusResponse")
ReflectionRequest = message_class("grpc.reflection.v1.ServerReflectionRequest")
ReflectionResponse = message_class("grpc.reflection.v1.ServerReflectionResponse")

over_each = pytest.mark.parametrize("setup", setups(MODEL, OVER_EACH_TRANSPORT), ids=str)
# A second server, only for its limit.
limited = pytest.mark.parametrize(
    "setup", setups(MODEL, OVER_EACH_TRANSPORT, RUNTIME_MAX_MESSAGE_BYTES=LIMIT), ids=str
)


def sized(size_bytes):
    """Return a tensor of so many bytes."""
    content = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    return tensor(hs.DT_UINT8, [size_bytes], tensor_content=content)


def identity(sent):
    """Return a request whose input comes back."""
    return request("identity_uint8", x=sent)


def call(service, method, payload=b""):
    """Return the answer's bytes."""
    return service.channel.unary_unary(method)(payload, timeout=SECONDS)


def check(service, name):
    """Return the health of a service by name."""
    payload = call(service, CHECK, HealthRequest(service=name).SerializeToString())
    return HealthResponse.FromString(payload).status


def reflect(service, method, **asked):
    """Return the answer to one question about the service."""
    stream = service.channel.stream_stream(method)
    payload = ReflectionRequest(**asked).SerializeToString()
    (answer,) = stream(iter([payload]), timeout=SECONDS)
    return ReflectionResponse.FromString(answer)


@over_each
@pytest.mark.parametrize("name", ["", SERVICE])
def test_health_is_serving(serve, setup, name):
    """The server and its service are SERVING once the model is loaded."""
    assert check(serve(setup), name) == HealthResponse.ServingStatus.Value("SERVING")


@over_each
def test_health_of_an_unknown_service_is_not_found(serve, setup):
    """Check refuses a name that is not here; the protocol wants NOT_FOUND."""
    with pytest.raises(grpc.RpcError) as caught:
        check(serve(setup), "no.such.Service")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


@over_each
def test_watch_tells_the_status_now(serve, setup):
    """Watch answers at once, and says SERVICE_UNKNOWN of a name that is not here."""
    watch = serve(setup).channel.stream_stream(WATCH)
    for name, status in ((SERVICE, "SERVING"), ("no.such.Service", "SERVICE_UNKNOWN")):
        stream = watch(iter([HealthRequest(service=name).SerializeToString()]), timeout=SECONDS)
        told = HealthResponse.FromString(next(stream)).status
        stream.cancel()
        assert told == HealthResponse.ServingStatus.Value(status)


@over_each
def test_status_is_hydrosphere_s(serve, setup):
    """Status is SERVING, in the words of Hydrosphere's runtime for the framework."""
    answer = hs.StatusResponse.FromString(call(serve(setup), STATUS))
    assert answer.status == hs.StatusResponse.SERVING
    assert answer.message in ("ok", "Loaded and ready to go")


@over_each
def test_model_status_is_tensorflow_serving_s(serve, setup):
    """The model is AVAILABLE, which stock scripts wait for before they call it."""
    answer = ModelStatus.FromString(call(serve(setup), operations.MODEL_STATUS.grpc_method))
    [version] = answer.model_version_status
    assert (version.version, version.state, version.status.error_code) == (1, 30, 0)


@over_each
def test_another_model_is_not_taken(serve, setup):
    """One model is served, whatever configuration a client would have reloaded."""
    with pytest.raises(grpc.RpcError) as caught:
        call(serve(setup), operations.RELOAD_CONFIG.grpc_method)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "HandleReloadConfigRequest is not served" in caught.value.details()


@over_each
@pytest.mark.parametrize("method", REFLECTION)
def test_reflection_lists_and_describes_the_services(serve, setup, method):
    """Tools such as grpcurl find the service, and every file that its messages need."""
    service = serve(setup)
    listed = reflect(service, method, list_services="*").list_services_response.service
    assert SERVICE in {item.name for item in listed}
    for item in listed:
        answer = reflect(service, method, file_containing_symbol=item.name)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(payload)
            for payload in answer.file_descriptor_response.file_descriptor_proto
        ]
        assert {name for file in files for name in file.dependency} <= {it.name for it in files}
        assert files


@over_each
def test_reflection_describes_what_metadata_holds(serve, setup):
    """Tools open the Any of the metadata, whose type no method names."""
    symbol = "tensorflow.serving.SignatureDefMap"
    answer = reflect(serve(setup), REFLECTION[0], file_containing_symbol=symbol)
    file = descriptor_pb2.FileDescriptorProto.FromString(
        answer.file_descriptor_response.file_descriptor_proto[0]
    )
    assert symbol in {f"{file.package}.{message.name}" for message in file.message_type}


@over_each
def test_an_unknown_method_is_unimplemented(serve, setup):
    """A method that no protocol has is refused as such."""
    with pytest.raises(grpc.RpcError) as caught:
        call(serve(setup), "/tensorflow.serving.SessionService/SessionRun")
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@limited
def test_a_request_beyond_the_limit_is_refused(serve, setup):
    """A request that is too large is RESOURCE_EXHAUSTED, and the next one is answered."""
    service = serve(setup)
    answer = service.answer(identity(sized(2**17)))
    assert answer.status == EXHAUSTED
    assert "131" in answer.details
    small = sized(2**15)
    answer = service.answer(identity(small))
    assert hs.PredictResponse.FromString(answer.payload) == reply(y=small)


@over_each
@pytest.mark.parametrize("size_bytes", SIZES_BYTES)
def test_payloads_of_every_size_come_back(serve, setup, size_bytes):
    """By frame or by shared memory, whole and unchanged."""
    sent = sized(size_bytes)
    answer = serve(setup).answer(identity(sent))
    assert answer.status == OK
    assert hs.PredictResponse.FromString(answer.payload) == reply(y=sent)


@over_each
def test_payloads_of_every_size_arrive_together(serve, setup):
    """Each caller gets its own, however they are mixed."""
    sent = [sized(size) for size in SIZES_BYTES * 8]
    answers = serve(setup).answer_all([identity(it) for it in sent])
    received = [hs.PredictResponse.FromString(answer.payload) for answer in answers]
    assert received == [reply(y=it) for it in sent]


@over_each
def test_a_refusal_names_what_a_client_sent(serve, setup):
    """Details come whole, letters beyond ASCII too."""
    answer = serve(setup).answer(request("identität: 100 %"))
    assert answer.status == INVALID
    assert answer.details.startswith("identität: 100 % signature is not present in the model")


@over_each
def test_a_failed_call_carries_its_request_id(serve, setup):
    """The caller's x-request-id comes back with a failure, so that the log can be searched."""
    service = serve(setup)
    predict = service.channel.unary_unary(PREDICT)
    with pytest.raises(grpc.RpcError) as caught:
        predict(request("none"), timeout=SECONDS, metadata=[("x-request-id", "my-own-id")])
    assert dict(caught.value.trailing_metadata())["x-request-id"] == "my-own-id"
    assert service.answer(request("none")).status == INVALID


@over_each
def test_metadata_arrives_beside_predictions(serve, setup):
    """Calls of both kinds are answered together, each as it is alone."""
    wanted = metadata.Request(metadata_field=[metadata.SIGNATURE_DEF]).SerializeToString()
    calls = [Call(operations.PREDICT, identity(sized(1))), Call(GET_MODEL_METADATA, wanted)]
    service = serve(setup)
    alone = [service.answer_calls([call])[0] for call in calls]
    assert {answer.status for answer in alone} == {OK}
    assert service.answer_calls(calls * 32) == alone * 32
