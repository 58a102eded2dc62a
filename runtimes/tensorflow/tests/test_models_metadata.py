"""GetModelMetadata tells of a SavedModel what TensorFlow Serving tells: its own signatures."""

from pathlib import Path

import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime.protocols.tensorflow_serving import metadata
from tensorflow_runtime import loader, messages
from tensorflow_runtime.artefact import find

# isort: split
from tensorflow.core.protobuf import meta_graph_pb2

MODELS = sorted((Path(__file__).resolve().parent / "models").glob("*/files"))
REQUEST = message_class("tensorflow.serving.GetModelMetadataRequest")
RESPONSE = message_class("tensorflow.serving.GetModelMetadataResponse")
SIGNATURES = message_class("tensorflow.serving.SignatureDefMap")


def told(files):
    """Return the signatures of the answer, as TensorFlow's own messages by name."""
    request = REQUEST(metadata_field=["signature_def"]).SerializeToString()
    payload = metadata.answer(request, loader.infer_contract(files))
    signatures = SIGNATURES()
    assert RESPONSE.FromString(payload).metadata["signature_def"].Unpack(signatures)
    return {
        name: meta_graph_pb2.SignatureDef.FromString(definition.SerializeToString())
        for name, definition in signatures.signature_def.items()
    }


@pytest.mark.parametrize("files", MODELS, ids=lambda files: files.parent.name)
def test_metadata_is_the_saved_model_s(files):
    """Tensor names, dtypes, shapes and methods are those in the file, field by field."""
    saved = messages.read_meta_graph(find(files).path).signature_def
    answered = told(files)
    assert answered
    for name, definition in answered.items():
        assert definition == saved[name]
