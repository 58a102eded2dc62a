import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hydro_serving_grpc as hs
from serving_runtime import operations
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols import CONTRACT_ANSWERS, PROTOCOLS, ModelSpec, Request
from serving_runtime.signature import Contract, Tensor

PREDICT = PROTOCOLS[operations.PREDICT.key]


def request_bytes(**inputs):
    """Serialise a request with these inputs."""
    request = hs.PredictRequest()
    request.model_spec.name = "ignored"
    request.model_spec.version.value = 7
    request.model_spec.signature_name = "add"
    for name, proto in inputs.items():
        request.inputs[name].CopyFrom(proto)
    return request.SerializeToString()


TYPED = hs.TensorProto(dtype=hs.DT_FLOAT, float_val=[1])
RAW = hs.TensorProto(dtype=hs.DT_FLOAT, tensor_content=bytes(4))
STRINGS = hs.TensorProto(dtype=hs.DT_STRING, string_val=[b"x"])
EMPTY = hs.TensorProto(dtype=hs.DT_FLOAT, tensor_shape={"dim": [{"size": 0}]})
REQUEST = Request(ModelSpec("", None, "add"), {})
OUTPUTS = {"y": Tensor("int8", np.array([1, 2], np.int8))}
MAP = hs.TensorProto(dtype=hs.DT_MAP, map_val=[{"subtensors": {"k": TYPED}}])


def test_the_table_is_keyed_by_full_method_names():
    """Every method that the front forwards has a protocol, or is answered by the contract."""
    assert sorted([*PROTOCOLS, *CONTRACT_ANSWERS]) == sorted(
        operation.key for operation in operations.FORWARDED
    )


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(b"head" + data))[4:]]
)
def test_any_buffer_is_a_request(kind):
    """The worker hands over views of its receive buffer."""
    request = PREDICT.decode(kind(request_bytes(x=TYPED)), 0)
    assert request.model_spec == ModelSpec("ignored", 7, "add")
    assert str(request.tensors["x"]) == "float32[]"
    assert request.output_filter == ()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, False),
        ({"a": TYPED}, False),
        ({"a": RAW}, True),
        ({"a": RAW, "b": TYPED}, False),
        ({"a": RAW, "s": STRINGS}, True),
        ({"s": STRINGS}, False),
        ({"a": RAW, "e": EMPTY}, True),
        ({"e": EMPTY}, False),
        ({"a": RAW, "m": MAP}, False),
    ],
)
def test_the_encoding_of_the_request_is_noted(inputs, expected):
    """Replies are raw if all numbers came raw, and at least one did; maps count as well."""
    assert PREDICT.decode(request_bytes(**inputs), 0).as_content is expected


@pytest.mark.parametrize(
    "payload", [b"\xff\xff", b"\x12\x05\x0a\x03a", b"garbage", b"\x12\x05\x0a\x01\xff\x12\x00"]
)
def test_bytes_that_are_no_request_are_refused(payload):
    """The caller is told what was expected."""
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        PREDICT.decode(payload, 0)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(payload):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput, LimitExceeded):
        PREDICT.decode(payload, 1000)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
def test_a_stray_group_end_is_refused():
    """Old versions of protobuf stop there, and would drop what comes after it."""
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        PREDICT.decode(b"\0" + request_bytes(x=TYPED), 0)


@pytest.mark.parametrize("field", [b"\x0a\x03\x1a\x01", b"\x1a\x01", b"\x12\x05\x0a\x01"])
def test_names_that_are_not_utf8_are_refused(field):
    """Signature, output and input names alike; some versions of protobuf notice late."""
    tail = b"\xff\x12\x00" if field[:1] == b"\x12" else b"\xff"
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        PREDICT.decode(field + tail, 0)


def test_maps_that_nest_too_deep_are_refused():
    """A message of a thousand levels ends in a refusal, not in a crash."""
    payload = TYPED.SerializeToString()
    for _ in range(1000):
        entry = b"\x0a\x01k\x12" + _varint(len(payload)) + payload
        subtensors = b"\x0a" + _varint(len(entry)) + entry
        payload = b"\x08\x1b\xda\x01" + _varint(len(subtensors)) + subtensors
    entry = b"\x0a\x01x\x12" + _varint(len(payload)) + payload
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        PREDICT.decode(b"\x12" + _varint(len(entry)) + entry, 0)


def test_the_reply_has_outputs_and_nothing_else():
    """No model_spec, which Hydrosphere's clients would not know."""
    reply = hs.PredictResponse.FromString(PREDICT.encode(OUTPUTS, REQUEST, None))
    assert [field.name for field, _ in reply.ListFields()] == ["outputs"]
    assert reply.outputs["y"].dtype == hs.DT_INT8
    assert list(reply.outputs["y"].int_val) == [1, 2]


def test_the_reply_is_raw_if_the_request_was():
    """Answers use the encoding of the request."""
    request = REQUEST._replace(as_content=True)
    reply = hs.PredictResponse.FromString(PREDICT.encode(OUTPUTS, request, None))
    assert reply.outputs["y"].tensor_content == b"\1\2"


def test_output_filter_picks_outputs():
    """Only what was asked for is sent."""
    message = hs.PredictRequest(output_filter=["b"])
    request = PREDICT.decode(message.SerializeToString(), 0)
    outputs = {name: Tensor("bool", np.array(True)) for name in "abc"}
    reply = hs.PredictResponse.FromString(PREDICT.encode(outputs, request, None))
    assert list(reply.outputs) == ["b"]


@pytest.mark.parametrize(
    ("asked", "version", "expected"),
    [
        (ModelSpec(), 3, ModelSpec("own", 3, "add")),
        (ModelSpec("theirs"), 0, ModelSpec("theirs", None, "add")),
        (ModelSpec("theirs", 0, "asked"), 3, ModelSpec("theirs", 0, "add")),
        (ModelSpec("theirs", 9), 3, ModelSpec("theirs", 9, "add")),
    ],
)
def test_the_reply_can_say_who_answered(asked, version, expected):
    """The name and version that were asked for, else the contract's; the signature that ran."""
    answered_by = asked.answered(Contract("own", (), version), "add")
    assert answered_by == expected
    payload = PREDICT.encode(OUTPUTS, REQUEST, answered_by)
    reply = hs.PredictResponse.FromString(payload)
    wanted = hs.ModelSpec(name=expected.name, signature_name="add")
    if expected.version is not None:
        wanted.version.SetInParent()
        wanted.version.value = expected.version
    assert reply.model_spec == wanted
    reply.ClearField("model_spec")
    assert reply.SerializeToString() == PREDICT.encode(OUTPUTS, REQUEST, None)


def _varint(number):
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(groups) + bytes([number])
