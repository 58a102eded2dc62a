import json

import pytest

from hydro_serving_grpc.messages import enum_type, message_class
from serving_runtime.errors import InvalidInput, ModelNotFound, Unimplemented
from serving_runtime.ipc.attributes import MODEL_VERSION
from serving_runtime.protocols.open_inference.metadata import (
    Config,
    Metadata,
    RestConfig,
    RestMetadata,
)
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature

Request = message_class("inference.ModelMetadataRequest")
MetadataResponse = message_class("inference.ModelMetadataResponse")
ConfigResponse = message_class("inference.ModelConfigResponse")
DataType = enum_type("inference.DataType")

SETTINGS = Settings.from_env({"RUNTIME_MAX_BATCH_SIZE": "16"})
ROWS = Signature(
    "rows",
    (Field("city", "string", (-1,)), Field("x", "bfloat16", (-1, 2))),
    (Field("y", "float16", (-1,)),),
    nullable=(Nullable("city"),),
)
ONE = Signature("one", (Field("x", "any", None),), (Field("y", "bool", ()),))
COMPLEX = Signature("complex", (), (Field("y", "complex64", ()),))


def told(kind, *signatures, **asked):
    """Return what is told of a model with these signatures."""
    response = {Metadata: MetadataResponse, Config: ConfigResponse}[kind]
    answering = kind(Contract("own", signatures, 3), SETTINGS)
    payload = Request(**asked).SerializeToString()
    first, attributes = answering.answer(payload, "", {})
    assert answering.answer(payload, "", {}) == (first, attributes)
    assert attributes == {}
    return response.FromString(first)


def described(tensors):
    """Return tensors of metadata as tuples."""
    return [(it.name, it.datatype, list(it.shape)) for it in tensors]


def test_metadata_has_the_optional_inputs_too():
    """A mask of missing values is an input that may be left out; the properties say which are."""
    message = told(Metadata, ROWS, name="own", version="3")
    assert (message.name, list(message.versions)) == ("own", ["3"])
    assert described(message.inputs) == [
        ("city", "BYTES", [-1]),
        ("x", "BF16", [-1, 2]),
        ("city:missing", "BOOL", [-1]),
    ]
    assert described(message.outputs) == [("y", "FP16", [-1])]
    assert json.loads(message.properties["optional_inputs"]) == ["city:missing"]
    assert message.properties["signature_name"] == "rows"


def test_metadata_shows_what_the_standard_has_no_word_for():
    """Any datatype, and any shape."""
    message = told(Metadata, ONE)
    assert described(message.inputs) == [("x", "ANY", [-1])]
    assert dict(message.properties) == {"signature_name": "one"}


def test_the_first_signature_that_is_carried_stands_for_the_model():
    """Others are properties, also those that are not served by this protocol."""
    message = told(Metadata, COMPLEX, ONE)
    assert message.properties["signature_name"] == "one"
    assert json.loads(message.properties["signature.complex"]) == {
        "inputs": [],
        "outputs": [{"name": "y", "datatype": "COMPLEX64", "shape": []}],
    }


@pytest.mark.parametrize("kind", [Metadata, Config])
def test_a_model_that_is_not_carried_at_all_is_unimplemented(kind):
    """The text names what carries it."""
    with pytest.raises(Unimplemented, match="Predict"):
        told(kind, COMPLEX)


@pytest.mark.parametrize("kind", [Metadata, Config])
def test_what_is_asked_of_another_model_is_refused(kind):
    """And so are bytes that are no request."""
    for asked in ({"name": "other"}, {"version": "2"}):
        with pytest.raises(ModelNotFound):
            told(kind, ONE, **asked)
    with pytest.raises(InvalidInput):
        kind(Contract("own", (ONE,)), SETTINGS).answer(b"\xff", "", {})


def test_a_configuration_of_rows_has_no_axis_of_rows():
    """As Triton's own: its tools put the size of a batch before the dims."""
    config = told(Config, ROWS).config
    assert (config.name, config.max_batch_size) == ("own", 16)
    fields = [(it.name, DataType.Name(it.data_type), list(it.dims)) for it in config.input]
    assert fields == [
        ("city", "TYPE_STRING", []),
        ("x", "TYPE_BF16", [2]),
        ("city:missing", "TYPE_BOOL", []),
    ]
    assert [it.optional for it in config.input] == [False, False, True]
    assert [(it.name, it.data_type) for it in config.output] == [("y", DataType.Value("TYPE_FP16"))]


def test_a_configuration_without_rows_has_whole_shapes():
    """What may be anything has no type there."""
    config = told(Config, ONE).config
    assert config.max_batch_size == 0
    assert [(it.data_type, list(it.dims)) for it in config.input] == [(0, [-1])]
    assert [(it.data_type, list(it.dims)) for it in config.output] == [
        (DataType.Value("TYPE_BOOL"), [])
    ]


@pytest.mark.parametrize("asked", [("", {}), ("own", {}), ("own", {MODEL_VERSION: "3"})])
def test_over_rest_the_path_names_the_model(asked):
    """The answer is the same as over gRPC, in JSON."""
    answering = RestMetadata(Contract("own", (ROWS,), 3), SETTINGS)
    payload, attributes = answering.answer(b"", *asked)
    assert attributes == {}
    message = told(Metadata, ROWS)
    assert json.loads(payload.decode()) == {
        "name": "own",
        "versions": ["3"],
        "platform": message.platform,
        "inputs": [_as_object(it) for it in message.inputs],
        "outputs": [_as_object(it) for it in message.outputs],
        "properties": dict(message.properties),
    }


@pytest.mark.parametrize("kind", [RestMetadata, RestConfig])
def test_over_rest_other_models_are_not_found(kind):
    """And so are other versions."""
    for target, version in (("other", "3"), ("own", "2")):
        with pytest.raises(ModelNotFound):
            kind(Contract("own", (ROWS,), 3), SETTINGS).answer(
                b"", target, {MODEL_VERSION: version}
            )


def test_over_rest_a_configuration_names_its_types():
    """As Triton writes them in JSON."""
    payload, _ = RestConfig(Contract("own", (ROWS,), 3), SETTINGS).answer(b"", "own", {})
    config = json.loads(payload.decode())
    assert (config["name"], config["max_batch_size"]) == ("own", 16)
    assert config["input"][1] == {"name": "x", "data_type": "TYPE_BF16", "dims": [2]}
    assert config["output"] == [{"name": "y", "data_type": "TYPE_FP16", "dims": []}]


def _as_object(tensor):
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
