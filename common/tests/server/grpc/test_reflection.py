import pytest
from google.protobuf import descriptor_pb2

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput
from serving_runtime.server.grpc import reflection

Request = message_class("grpc.reflection.v1.ServerReflectionRequest")
Response = message_class("grpc.reflection.v1.ServerReflectionResponse")

NOT_FOUND = 5
PREDICT_FILE = "hydro_serving_grpc/tf/api/predict.proto"


def ask(**wanted):
    """Return the answer to one request."""
    return Response.FromString(reflection.answer(Request(**wanted).SerializeToString()))


def files(response):
    """Return the file descriptors of an answer, by name."""
    protos = [
        descriptor_pb2.FileDescriptorProto.FromString(data)
        for data in response.file_descriptor_response.file_descriptor_proto
    ]
    return {proto.name: proto for proto in protos}


def assert_complete(found):
    """Check that every import of the files is among them: clients ask only once."""
    for proto in found.values():
        assert set(proto.dependency) <= set(found)


def test_services_are_listed():
    """Everything that can be called is found."""
    listed = {service.name for service in ask(list_services="*").list_services_response.service}
    assert listed == set(reflection.SERVICES)
    assert "tensorflow.serving.PredictionService" in listed


@pytest.mark.parametrize("service", reflection.SERVICES)
def test_every_listed_service_can_be_looked_up(service):
    """The file that declares it comes with all that it imports."""
    found = files(ask(file_containing_symbol=service))
    assert_complete(found)
    package, _, name = service.rpartition(".")
    declared = [(proto.package, item.name) for proto in found.values() for item in proto.service]
    assert (package, name) in declared


def test_file_by_name_comes_with_its_imports():
    """The file itself is first, each import is there, and none twice."""
    response = ask(file_by_filename=PREDICT_FILE)
    found = files(response)
    assert next(iter(found)) == PREDICT_FILE
    assert len(found) == len(response.file_descriptor_response.file_descriptor_proto)
    assert len(found) > 1
    assert_complete(found)


@pytest.mark.parametrize(
    "symbol",
    [
        "tensorflow.serving.PredictionService.Predict",
        "hydrosphere.tensorflow.TensorProto",
        "hydrosphere.tensorflow.DataType",
    ],
)
def test_symbols_of_every_kind_are_found(symbol):
    """Clients look up methods, messages and enums as well as services."""
    assert_complete(files(ask(file_containing_symbol=symbol)))
    assert not ask(file_containing_symbol=symbol).HasField("error_response")


@pytest.mark.parametrize(
    "wanted",
    [
        {"file_by_filename": "no/such.proto"},
        {"file_containing_symbol": "no.such.Symbol"},
        {"all_extension_numbers_of_type": "hydrosphere.tensorflow.TensorProto"},
        {"file_containing_extension": {"containing_type": "x.Y", "extension_number": 1}},
        {},
    ],
)
def test_what_is_not_there_is_an_error_in_the_stream(wanted):
    """The stream goes on: grpcurl asks for several things in one."""
    response = ask(host="h", **wanted)
    assert response.error_response.error_code == NOT_FOUND
    assert response.error_response.error_message
    assert response.original_request == Request(host="h", **wanted)
    assert response.valid_host == "h"


def test_bytes_that_are_no_request_end_the_stream():
    """The transport turns it into INVALID_ARGUMENT."""
    with pytest.raises(InvalidInput, match="ServerReflectionRequest"):
        reflection.answer(b"\xff")


def test_requests_of_a_stream_are_answered_in_order(run):
    """One stream carries a whole conversation."""

    async def requests():
        for name in ("first", "second"):
            yield Request(file_by_filename=name).SerializeToString()

    async def scenario():
        answers = [Response.FromString(data) async for data in reflection.answer_all(requests())]
        names = [answer.original_request.file_by_filename for answer in answers]
        assert names == ["first", "second"]

    run(scenario())


def test_both_generations_of_reflection_are_served():
    """New clients ask for v1 and fall back to v1alpha, old ones know only that."""
    assert {
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    } <= set(reflection.SERVICES)
