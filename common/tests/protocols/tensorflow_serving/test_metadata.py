import contextlib

import pytest
from google.protobuf import any_pb2
from hypothesis import given
from hypothesis import strategies as st

from hydro_serving_grpc.messages import message_class
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.tensorflow_serving import metadata
from serving_runtime.signature import Contract, Field, Nullable, Signature

Request = message_class("tensorflow.serving.GetModelMetadataRequest")
Response = message_class("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
TYPE_URL = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
CONTRACT = Contract("own", (Signature("s", (), (Field("y", "int8", ()),)),), 3)

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)
NAMES = TEXTS.filter(bool)
SHAPES = st.none() | st.lists(st.integers(-1, 2**40), max_size=4).map(tuple)
NOTHING = st.just(())


def made(kind, *parts):
    """Return a strategy of named tuples; ``st.builds`` gets lost in their types on Python 3.6."""
    return st.tuples(*parts).map(lambda values: kind(*values))


def several(strategy):
    """Return a strategy of tuples of what has a name of its own."""
    return st.lists(strategy, max_size=3, unique_by=lambda item: item.name).map(tuple)


DTYPES = st.sampled_from(sorted(DTYPE_NUMBERS))
FIELDS = several(made(Field, NAMES, DTYPES, SHAPES, NOTHING, st.just(""), TEXTS))
CONTRACTS = made(
    Contract,
    TEXTS,
    several(made(Signature, NAMES, FIELDS, FIELDS, TEXTS)),
    st.integers(0, 2**63 - 1),
)


def ask(*fields, **model_spec):
    """Return the bytes of a request."""
    request = Request(metadata_field=fields)
    request.model_spec.name = model_spec.pop("name", "")
    for name, value in model_spec.items():
        getattr(request.model_spec, name).value = value
    return request.SerializeToString()


def signatures(payload):
    """Return the signatures of a reply, which Google's own Any can open."""
    packed = Response.FromString(payload).metadata["signature_def"]
    assert packed.type_url == TYPE_URL
    unpacked = SignatureDefMap()
    assert any_pb2.Any.FromString(packed.SerializeToString()).Unpack(unpacked)
    return unpacked.signature_def


def tensors(infos):
    """Return what a message says of tensors, as plain values."""
    return {
        name: (
            info.name,
            info.dtype,
            info.HasField("tensor_shape"),
            None
            if info.tensor_shape.unknown_rank and not info.tensor_shape.dim
            else tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for name, info in infos.items()
    }


def declared(fields):
    """Return the same of a contract's fields."""
    return {
        field.name: (field.tensor or field.name, DTYPE_NUMBERS[field.dtype], True, field.shape)
        for field in fields
    }


@given(CONTRACTS)
def test_a_contract_is_told_whole(contract):
    """Every signature with each of its tensors, and nothing else."""
    told = signatures(metadata.answer(ask("signature_def"), contract))
    assert set(told) == set(contract.names)
    for signature in contract.signatures:
        message = told[signature.name]
        assert message.method_name == (signature.method or "tensorflow/serving/predict")
        assert tensors(message.inputs) == declared(signature.inputs)
        assert tensors(message.outputs) == declared(signature.outputs)


def test_masks_of_missing_values_are_optional_inputs():
    """They have a default, as TensorFlow 2.13 and newer mark what may be left out: false."""
    fields = (Field("age", "int64", (-1,)), Field("height", "float32", (-1,)))
    nullable = (Nullable("age", None, "float64"), Nullable("height"))
    signature = Signature("s", fields, fields[:1], "", nullable)
    told = signatures(metadata.answer(ask("signature_def"), Contract("m", (signature,))))["s"]
    assert sorted(told.inputs) == ["age", "age:missing", "height"]
    assert tensors(told.inputs)["age:missing"] == ("age:missing", 10, True, (-1,))
    (default,) = told.defaults.items()
    assert (default[0], list(default[1].bool_val)) == ("age:missing", [False])


@pytest.mark.parametrize(
    ("asked", "version", "expected"),
    [
        ({}, 3, ("own", True, 3)),
        ({}, 0, ("own", False, 0)),
        ({"name": "theirs"}, 3, ("theirs", True, 3)),
        ({"name": "theirs", "version": 9}, 3, ("theirs", True, 9)),
    ],
)
def test_the_reply_says_which_model_it_is(asked, version, expected):
    """The name and version that were asked for, else the contract's; never a signature."""
    reply = metadata.answer(ask("signature_def", **asked), CONTRACT._replace(version=version))
    spec = Response.FromString(reply).model_spec
    assert (spec.name, spec.HasField("version"), spec.version.value) == expected
    assert spec.signature_name == ""


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["signature_def", "assets"], "Metadata field assets is not supported"),
        ([""], "Metadata field  is not supported"),
    ],
)
def test_other_metadata_is_refused_in_tensorflow_serving_s_words(fields, problem):
    """Only signature_def is told, and it must be asked for."""
    with pytest.raises(InvalidInput) as error:
        metadata.answer(ask(*fields), CONTRACT)
    assert str(error.value) == problem


def test_a_huge_metadata_field_is_cut():
    """A name of a million letters is not shown in full."""
    with pytest.raises(InvalidInput) as error:
        metadata.answer(ask("a" * 1000000), CONTRACT)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "payload", [b"\xff\xff", b"garbage", b"\x12\x01\xff", b"\x0a\x05\x0a\x03a"]
)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_that_are_no_request_are_refused(kind, payload):
    """The caller is told what was expected."""
    with pytest.raises(InvalidInput, match="^not a GetModelMetadataRequest: "):
        metadata.answer(kind(payload), CONTRACT)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60))
def test_random_bytes_are_answered_or_refused(payload):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput):
        signatures(metadata.answer(payload, CONTRACT))
