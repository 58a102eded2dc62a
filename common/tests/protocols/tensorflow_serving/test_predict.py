import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols import Request
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.predict import Predict
from serving_runtime.protocols.tensorflow_serving.reply_context import ReplyContext
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Tensor


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
ADD = Signature("add", (), ())
SETTINGS = Settings.from_env({})
OUTPUTS = {"y": Tensor("int8", np.array([1, 2], np.int8))}
MAP = hs.TensorProto(dtype=hs.DT_MAP, map_val=[{"subtensors": {"k": TYPED}}])


def encoded(outputs, as_content=False, asked=None, contract=None, **changes):
    """Return the bytes of a reply, as the worker asks for them."""
    protocol = Predict(contract or Contract("own", (ADD,)), SETTINGS._replace(**changes))
    request = Request("add", {}, reply_context=ReplyContext(asked or ModelSpec(), as_content))
    payload, attributes = protocol.encode(outputs, request, ADD)
    assert attributes == {}
    return payload


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(b"head" + data))[4:]]
)
def test_any_buffer_is_a_request(kind):
    """The worker hands over views of its receive buffer."""
    request = protobuf_codec.decode(kind(request_bytes(x=TYPED)), 0)
    assert request.signature_name == "add"
    assert request.reply_context.model_spec == ModelSpec("ignored", 7, "add")
    assert str(request.tensors["x"]) == "float32[]"
    assert request.output_names == ()


def test_the_budget_is_a_setting():
    """RUNTIME_MAX_EXPANDED_BYTES bounds what repeated values grow to."""
    repeated = hs.TensorProto(dtype=hs.DT_FLOAT, float_val=[1])
    repeated.tensor_shape.dim.add(size=100)
    protocol = Predict(Contract("own", (ADD,)), SETTINGS._replace(max_expanded_bytes=396))
    assert protocol.decode(request_bytes(x=repeated), "", {}).tensors["x"].array.shape == (100,)
    repeated.tensor_shape.dim[0].size = 101
    with pytest.raises(LimitExceeded, match="RUNTIME_MAX_EXPANDED_BYTES=396"):
        protocol.decode(request_bytes(x=repeated), "", {})


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
    assert protobuf_codec.decode(request_bytes(**inputs), 0).reply_context.as_content is expected


@pytest.mark.parametrize(
    "payload", [b"\xff\xff", b"\x12\x05\x0a\x03a", b"garbage", b"\x12\x05\x0a\x01\xff\x12\x00"]
)
def test_bytes_that_are_no_request_are_refused(payload):
    """The caller is told what was expected."""
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        protobuf_codec.decode(payload, 0)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(payload):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput, LimitExceeded):
        protobuf_codec.decode(payload, 1000)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
def test_a_stray_group_end_is_refused():
    """Old versions of protobuf stop there, and would drop what comes after it."""
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        protobuf_codec.decode(b"\0" + request_bytes(x=TYPED), 0)


@pytest.mark.parametrize("field", [b"\x0a\x03\x1a\x01", b"\x1a\x01", b"\x12\x05\x0a\x01"])
def test_names_that_are_not_utf8_are_refused(field):
    """Signature, output and input names alike; some versions of protobuf notice late."""
    tail = b"\xff\x12\x00" if field[:1] == b"\x12" else b"\xff"
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        protobuf_codec.decode(field + tail, 0)


def test_maps_that_nest_too_deep_are_refused():
    """A message of a thousand levels ends in a refusal, not in a crash."""
    payload = TYPED.SerializeToString()
    for _ in range(1000):
        entry = b"\x0a\x01k\x12" + _varint(len(payload)) + payload
        subtensors = b"\x0a" + _varint(len(entry)) + entry
        payload = b"\x08\x1b\xda\x01" + _varint(len(subtensors)) + subtensors
    entry = b"\x0a\x01x\x12" + _varint(len(payload)) + payload
    with pytest.raises(InvalidInput, match="^not a PredictRequest: "):
        protobuf_codec.decode(b"\x12" + _varint(len(entry)) + entry, 0)


def test_the_reply_has_outputs_and_nothing_else():
    """No model_spec, which Hydrosphere's clients would not know."""
    reply = hs.PredictResponse.FromString(encoded(OUTPUTS))
    assert [field.name for field, _ in reply.ListFields()] == ["outputs"]
    assert reply.outputs["y"].dtype == hs.DT_INT8
    assert list(reply.outputs["y"].int_val) == [1, 2]


def test_the_reply_is_raw_if_the_request_was():
    """Answers use the encoding of the request."""
    reply = hs.PredictResponse.FromString(encoded(OUTPUTS, as_content=True))
    assert reply.outputs["y"].tensor_content == b"\1\2"


def test_output_filter_names_outputs():
    """Their order is kept."""
    message = hs.PredictRequest(output_filter=["b", "a"])
    request = protobuf_codec.decode(message.SerializeToString(), 0)
    assert request.output_names == ("b", "a")


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
    payload = encoded(
        OUTPUTS, asked=asked, contract=Contract("own", (ADD,), version), reply_model_spec=True
    )
    reply = hs.PredictResponse.FromString(payload)
    wanted = hs.ModelSpec(name=expected.name, signature_name="add")
    if expected.version is not None:
        wanted.version.SetInParent()
        wanted.version.value = expected.version
    assert reply.model_spec == wanted
    reply.ClearField("model_spec")
    assert reply.SerializeToString() == encoded(OUTPUTS)


def _varint(number):
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(groups) + bytes([number])
