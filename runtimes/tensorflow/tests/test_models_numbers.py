import json
from pathlib import Path

import numpy as np
import pytest

from runtimes.tensorflow.tests.direct import equal
from serving_runtime import client
from serving_runtime.signature import NUMPY_DTYPES, Contract, Field, Signature
from tensorflow_runtime import artefact, loader
from tests.support.targets import IN_PROCESS, SERVER

MODELS = Path(__file__).resolve().parent / "models"
DATA = Path(__file__).resolve().parents[3] / "tests" / "data"
RECORDED = sorted(path.parent.name for path in MODELS.glob("*/recorded.json"))
ROWS = 3
HIGHEST_INTEGER = 3  # an index, a product and a sum of such numbers fit everywhere


def samples(field, random):
    """Return values that a field takes, few of each free axis."""
    shape = [ROWS if size < 0 else size for size in field.shape or ()]
    if field.dtype == "string":
        return np.array("größer\0".encode(), object).reshape(shape)
    values = random.uniform(0, HIGHEST_INTEGER, shape)
    return np.array(values, NUMPY_DTYPES[field.dtype])


def floats(described):
    """Return the arrays of a recorded call."""
    return {
        name: np.array(tensor["values"], np.float32).reshape(tensor["shape"])
        for name, tensor in described.items()
    }


def assert_as_direct(files, model, reference):
    """Compare each signature's answer with TensorFlow's own, to the last bit."""
    random = np.random.RandomState(0)
    for signature in loader.infer_contract(files).signatures:
        inputs = {field.name: samples(field, random) for field in signature.inputs}
        copies = {name: value.copy() for name, value in inputs.items()}
        expected = reference.call(signature.name, inputs)
        assert equal(model.predict(signature.name, copies), expected), signature.name


@pytest.mark.parametrize("name", RECORDED)
def test_numbers_are_those_of_the_tensorflow_that_made_the_model(load, name):
    """Each recorded call is answered as it was then, up to 1e-6."""
    recorded = json.loads((MODELS / name / "recorded.json").read_text())
    model = load(MODELS / name / "files")
    for call in recorded["calls"]:
        answer = model.predict(recorded["signature"], floats(call["inputs"]))
        for output, expected in floats(call["outputs"]).items():
            assert answer[output].dtype == expected.dtype
            np.testing.assert_allclose(answer[output], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["convolution", "defaults", "features", "mirror", "mlp", "octets", "summator"]
)
def test_numbers_are_those_of_tensorflow_itself(load, direct, name):
    """What this version of TensorFlow says without our code is what the loader says."""
    files = MODELS / name / "files"
    assert_as_direct(files, load(files), direct(artefact.find(files).path.parent))


@pytest.mark.parametrize("target", [IN_PROCESS, SERVER], ids=lambda target: target.name)
@pytest.mark.parametrize("name", ["tf_summator", "test_model_reshaped"])
def test_models_by_others_are_served_with_tensorflow_s_own_numbers(direct, name, target):
    """Hydrosphere's own test models, one with the earliest form of contract and one with none."""
    files = DATA / name / "files"
    random, reference = np.random.RandomState(0), direct(files)
    with target.start("tensorflow", DATA / name, {}) as service:
        for signature in loader.infer_contract(files).signatures:
            inputs = {field.name: samples(field, random) for field in signature.inputs}
            answer = service.answer(client.encode_request(signature.name, inputs, False))
            assert (answer.status, answer.details) == ("OK", "")
            expected = reference.call(signature.name, inputs)
            assert equal(client.decode_response(answer.payload), expected)


def test_an_asset_is_found_and_its_table_is_filled(load):
    """Words are numbered by the lines of an asset; those that are not in it are -1."""
    files = MODELS / "vocabulary" / "files"
    contract = Contract(
        "", (Signature("number", (Field("word", "string"),), (Field("index", "int64"),)),)
    )
    model = load(files, contract)
    words = np.array(["grün".encode(), b"blau", b"pink", b"rot"], object)
    assert model.predict("number", {"word": words})["index"].tolist() == [1, 2, -1, 0]
