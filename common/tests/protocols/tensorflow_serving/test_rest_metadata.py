import json

import pytest
from google.protobuf import json_format

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import ModelNotFound
from serving_runtime.protocols.tensorflow_serving import metadata
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.rest_metadata import RestMetadata
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature
from tests.support.examples import CONTRACT

SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
TABLE = Signature(
    "table",
    (Field("age", "int64", (-1,)), Field("any", "float32"), Field("s", "string", ())),
    (Field("p", "float64", (-1, 2), tensor="p:0"),),
    nullable=(Nullable("age", numbers="float64"),),
)


def answered(contract, target="", **attributes):
    """Return the metadata of a model, as a client reads it."""
    protocol = RestMetadata(contract, Settings.from_env({}))
    payload, said = protocol.answer(b"", target, attributes)
    assert said == {"content-type": "application/json"}
    return json.loads(payload)


@pytest.mark.parametrize("contract", [CONTRACT, Contract("t", (TABLE,))], ids=["examples", "table"])
def test_it_is_the_reply_of_grpc(contract):
    """Protobuf reads it as the very message that GetModelMetadata answers."""
    found = answered(contract)["metadata"]["signature_def"]
    message = json_format.ParseDict(found, SignatureDefMap())
    expected = SignatureDefMap()
    metadata.response(contract, ModelSpec()).metadata["signature_def"].Unpack(expected)
    assert message == expected


def test_it_names_the_model():
    """Name and version as the path would have them; the version is a text, as all of 64 bits."""
    assert answered(CONTRACT)["model_spec"] == {
        "name": "own",
        "signature_name": "",
        "version": "3",
    }


def test_names_are_those_of_the_messages():
    """Clients read tensor_shape and unknown_rank, and not tensorShape."""
    found = answered(Contract("t", (TABLE,)))["metadata"]["signature_def"]["signature_def"]
    assert found["table"]["inputs"]["any"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [], "unknown_rank": True},
        "name": "any",
    }
    assert found["table"]["outputs"]["p"]["tensor_shape"]["dim"][0] == {"size": "-1", "name": ""}


def test_another_model_is_not_found():
    """Nor is another version; version 0 is the newest, as some clients have it in each path."""
    assert answered(CONTRACT, "own", **{"model-version": "0"}) == answered(CONTRACT)
    with pytest.raises(ModelNotFound, match='no model "other"'):
        answered(CONTRACT, "other")
    with pytest.raises(ModelNotFound, match='no version "2"'):
        answered(CONTRACT, "own", **{"model-version": "2"})
