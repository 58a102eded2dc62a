"""What a server answers beside Predict."""

import grpc
import pytest
from google.protobuf import descriptor_pb2

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from tests.conformance.cases import metadata
from tests.conformance.cases.case import PREDICT
from tests.conformance.messages import reply, request, tensor
from tests.conformance.setups import setups
from tests.support.targets import SERVERS, WATCH, HealthRequest, HealthResponse

CHECK = "/grpc.health.v1.Health/Check"
STATUS = "/tensorflow.serving.PredictionService/Status"
SERVICE = "tensorflow.serving.PredictionService"
REFLECTION = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
]
SECONDS = 10

ReflectionRequest = message_class("grpc.reflection.v1.ServerReflectionRequest")
ReflectionResponse = message_class("grpc.reflection.v1.ServerReflectionResponse")

on_servers = pytest.mark.parametrize("setup", setups("summator", targets=SERVERS), ids=str)


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


@on_servers
@pytest.mark.parametrize("name", ["", SERVICE])
def test_health_is_serving(serve, setup, name):
    """The server and its service are SERVING once the model is loaded."""
    assert check(serve(setup), name) == HealthResponse.ServingStatus.Value("SERVING")


@on_servers
def test_health_of_an_unknown_service_is_not_found(serve, setup):
    """Check refuses a name that is not here; the protocol wants NOT_FOUND."""
    with pytest.raises(grpc.RpcError) as caught:
        check(serve(setup), "no.such.Service")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


@on_servers
def test_watch_tells_the_status_now(serve, setup):
    """Watch answers at once, and says SERVICE_UNKNOWN of a name that is not here."""
    watch = serve(setup).channel.stream_stream(WATCH)
    for name, status in ((SERVICE, "SERVING"), ("no.such.Service", "SERVICE_UNKNOWN")):
        stream = watch(iter([HealthRequest(service=name).SerializeToString()]), timeout=SECONDS)
        told = HealthResponse.FromString(next(stream)).status
        stream.cancel()
        assert told == HealthResponse.ServingStatus.Value(status)


@on_servers
def test_status_is_hydrosphere_s(serve, setup):
    """Status is SERVING, in the words of Hydrosphere's runtime for the framework."""
    answer = hs.StatusResponse.FromString(call(serve(setup), STATUS))
    assert answer.status == hs.StatusResponse.SERVING
    assert answer.message in ("ok", "Loaded and ready to go")


@on_servers
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


@on_servers
def test_reflection_describes_what_metadata_holds(serve, setup):
    """Tools open the Any of the metadata, whose type no method names."""
    symbol = "tensorflow.serving.SignatureDefMap"
    answer = reflect(serve(setup), REFLECTION[0], file_containing_symbol=symbol)
    file = descriptor_pb2.FileDescriptorProto.FromString(
        answer.file_descriptor_response.file_descriptor_proto[0]
    )
    assert symbol in {f"{file.package}.{message.name}" for message in file.message_type}


@on_servers
def test_an_unknown_method_is_unimplemented(serve, setup):
    """A method that no protocol has is refused as such."""
    with pytest.raises(grpc.RpcError) as caught:
        call(serve(setup), "/tensorflow.serving.PredictionService/Classify")
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    "setup", setups("identity", SERVERS, RUNTIME_MAX_MESSAGE_BYTES="64KiB"), ids=str
)
def test_a_request_beyond_the_limit_is_refused(serve, setup):
    """A request that is too large is RESOURCE_EXHAUSTED, and the next one is answered."""
    service = serve(setup)
    large = tensor(hs.DT_UINT8, [2**17], tensor_content=bytes(2**17))
    answer = service.answer(request("identity_uint8", x=large))
    assert answer.status == "RESOURCE_EXHAUSTED"
    assert "131" in answer.details
    small = tensor(hs.DT_UINT8, [2**15], tensor_content=bytes(2**15))
    answer = service.answer(request("identity_uint8", x=small))
    assert hs.PredictResponse.FromString(answer.payload) == reply(y=small)


@on_servers
def test_a_failed_call_carries_its_request_id(serve, setup):
    """The caller's x-request-id comes back with a failure, so that the log can be searched."""
    service = serve(setup)
    predict = service.channel.unary_unary(PREDICT)
    with pytest.raises(grpc.RpcError) as caught:
        predict(request("none"), timeout=SECONDS, metadata=[("x-request-id", "my-own-id")])
    assert dict(caught.value.trailing_metadata())["x-request-id"] == "my-own-id"
    assert service.answer(request("none")).status == "INVALID_ARGUMENT"


@on_servers
def test_metadata_arrives_beside_predictions(serve, setup):
    """Calls of both kinds are answered together, each as it is alone."""
    wanted = metadata.Request(metadata_field=[metadata.SIGNATURE_DEF]).SerializeToString()
    one = tensor(hs.DT_INT8, [], int_val=[1])
    calls = [(PREDICT, request("add", a=one, b=one)), (metadata.GET_MODEL_METADATA, wanted)]
    service = serve(setup)
    alone = [service.answer(payload, method) for method, payload in calls]
    assert {answer.status for answer in alone} == {"OK"}
    assert service.answer_calls(calls * 32) == alone * 32
