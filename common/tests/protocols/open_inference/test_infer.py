import numpy as np
import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ModelNotFound, Unimplemented
from serving_runtime.protocols.open_inference import protobuf_codec
from serving_runtime.protocols.open_inference.infer import Infer, StreamInfer
from serving_runtime.protocols.request import SequenceStep
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature, Tensor
from serving_runtime.validation import validate_inputs
from tests.support.cases import tensor
from tests.support.wires import open_inference_protobuf as wire

FLAT = (Field("x", "int8", ()),)
ADD = Signature("add", FLAT, FLAT)
COMPLEX = Signature("complex", FLAT, (Field("y", "complex64", ()),))
CONTRACT = Contract("own", (ADD, COMPLEX), 7)
SETTINGS = Settings.from_env({"MODEL_NAME": "served"})
ONE = {"x": Tensor("int8", np.array(1, np.int8))}
StreamResponse = message_class("inference.ModelStreamInferResponse")


def infer(kind=Infer, contract=CONTRACT):
    """Return what answers for a model."""
    return kind(contract, SETTINGS)


def sent(as_raw=True, parameters=(), **fields):
    """Return the bytes of a request."""
    message = wire.request(ONE, as_raw, **fields)
    message.parameters["signature_name"].string_param = "add"
    for name, kind, value in parameters:
        setattr(message.parameters[name], f"{kind}_param", value)
    return message.SerializeToString()


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(b"head" + data))[4:]]
)
@pytest.mark.parametrize("as_raw", [True, False])
def test_any_buffer_is_a_request(kind, as_raw):
    """The worker hands over views of its receive buffer."""
    request = infer().decode(kind(sent(as_raw)), "", {})
    assert (request.signature_name, request.output_names) == ("add", ())
    assert str(request.tensors["x"]) == "int8[]"
    assert (request.sequence, request.timeout_seconds) == (None, 0)


@pytest.mark.parametrize(("name", "version"), [("", ""), ("served", "7"), ("own", ""), ("", "7")])
def test_replies_say_who_answers(name, version):
    """Whatever the model was asked for as."""
    answering = infer()
    request = answering.decode(sent(model_name=name, model_version=version), "", {})
    payload, attributes = answering.encode(ONE, request, ADD)
    message = wire.Response.FromString(payload)
    assert (message.model_name, message.model_version, attributes) == ("served", "7", {})


@pytest.mark.parametrize(("name", "version"), [("other", ""), ("served", "1"), ("", "x")])
def test_another_model_is_not_found(name, version):
    """Each time, also if its request is laid out as one before it."""
    answering = infer()
    for _ in range(2):
        with pytest.raises(ModelNotFound):
            answering.decode(sent(model_name=name, model_version=version), "", {})


def test_a_signature_that_has_no_form_here_is_unimplemented():
    """By its name, or as the default one; the others are served."""
    message = wire.request(ONE, True)
    message.parameters["signature_name"].string_param = "complex"
    for contract, payload in (
        (CONTRACT, message.SerializeToString()),
        (Contract("own", (COMPLEX,)), wire.request(ONE, True).SerializeToString()),
    ):
        with pytest.raises(Unimplemented, match=r'the signature complex has the output "y" of'):
            infer(contract=contract).decode(payload, "", {})


SEQUENCES = [
    ([("sequence_id", "int64", 7)], SequenceStep("7")),
    ([("sequence_id", "uint64", 7), ("sequence_start", "bool", True)], SequenceStep("7", True)),
    (
        [("sequence_id", "string", "ä"), ("sequence_end", "bool", True)],
        SequenceStep("ä", False, True),
    ),
    ([("sequence_id", "int64", 0), ("sequence_start", "bool", True)], None),
    ([("sequence_id", "string", "")], None),
]


@pytest.mark.parametrize(("parameters", "step"), SEQUENCES)
def test_sequences_are_read(parameters, step):
    """By a number or a text; 0 is no sequence."""
    assert infer().decode(sent(parameters=parameters), "", {}).sequence == step


@pytest.mark.parametrize("kind", ["int64", "uint64"])
def test_a_timeout_is_in_microseconds(kind):
    """As Triton's clients send it; 0 is none."""
    for value, seconds in ((1_500_000, 1.5), (0, 0)):
        payload = sent(parameters=[("timeout", kind, value)])
        assert infer().decode(payload, "", {}).timeout_seconds == seconds


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("timeout", "string", "1s"),
        ("timeout", "int64", -1),
        ("timeout", "double", 0.5),
        ("timeout", "bool", True),
        ("sequence_id", "bool", True),
        ("sequence_id", "double", 1.0),
        ("signature_name", "int64", 1),
        ("sequence_start", "int64", 1),
    ],
)
def test_a_known_parameter_of_another_kind_is_refused(name, kind, value):
    """A guess could cost the state, or the deadline."""
    parameters = [("sequence_id", "int64", 7), (name, kind, value)]
    with pytest.raises(InvalidInput, match=f"the parameter {name} is "):
        infer().decode(sent(parameters=parameters), "", {})


@pytest.mark.parametrize("as_raw", [True, False])
def test_a_mask_says_which_values_are_missing(as_raw):
    """As an optional input of booleans; what stands in their places means nothing."""
    columns = (Field("city", "string", (-1,)), Field("age", "int64", (-1,)))
    nullable = (Nullable("city"), Nullable("age", numbers="float64"))
    signature = Signature("fill", columns, FLAT, nullable=nullable)
    sent = {
        "city": tensor("string", ["Bern", "?"]),
        "city:missing": tensor("bool", [False, True]),
        "age": tensor("int64", [-1, 3]),
        "age:missing": tensor("bool", [True, False]),
    }
    answering = infer(contract=Contract("own", (signature,)))
    request = answering.decode(wire.request(sent, as_raw).SerializeToString(), "", {})
    arrays = validate_inputs(signature, request.tensors, "strict", str, request.unreadable)
    assert arrays["city"].tolist() == ["Bern", None]
    assert np.isnan(arrays["age"][0])
    assert arrays["age"][1] == 3


def test_messages_of_a_stream_have_their_ids():
    """Replies and failures alike, also where the request is none."""
    answering = infer(StreamInfer)
    payload = sent(id="1")
    request = answering.decode(payload, "", {})
    reply = StreamResponse.FromString(answering.encode(ONE, request, ADD)[0])
    assert reply.infer_response.parameters["triton_final_response"].bool_param
    assert (reply.infer_response.id, reply.error_message) == ("1", "")
    assert wire.outputs_of(reply.infer_response)["x"].array == 1
    failed = StreamResponse.FromString(answering.failure(payload, "too bad"))
    assert (failed.infer_response.id, failed.error_message) == ("1", "too bad")
    garbled = StreamResponse.FromString(answering.failure(b"\xff\xff", "too bad"))
    assert (garbled.infer_response.id, garbled.error_message) == ("", "too bad")


def test_other_failures_have_no_body():
    """The transport's own status says it."""
    assert infer().failure(sent(id="1"), "too bad") == b""


def test_a_request_of_another_length_has_no_offset():
    """Nothing is known of its values."""
    assert Infer.alignment_offset(123457) == protobuf_codec.alignment_offset(123457) == 0
