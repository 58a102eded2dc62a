"""Kept models as the server serves them: contracts, validation and arrays included."""

import json

import numpy as np
import pytest

from runtimes.spark.tests.answers import MODELS, NEWEST, every_model, full, kind_of, parameters
from serving_runtime import validation
from serving_runtime.contract import read_yaml
from serving_runtime.contract.samples import sample_inputs
from serving_runtime.errors import InvalidInput
from serving_runtime.settings import Settings
from serving_runtime.signature import STRING, Tensor
from serving_runtime.worker import loading


def has_tensors(path):
    """Whether a model has outputs but lists of words."""
    return "shape" in (path / "contract.yaml").read_text(encoding="utf-8").partition("outputs:")[2]


# One has a column in its statement that its maker had added.
SERVED = [it for it in every_model() if has_tensors(it) and kind_of(it) != "sql-columns"]


def load(model_dir):
    """Load a model directory as a worker does."""
    environ = {"MODEL_DIR": str(model_dir)}
    return loading.load(environ, Settings.from_env(environ), "spark")


def request(signature, inputs, rows):
    """Return tensors of some rows, with the masks of what is missing in them."""
    tensors = {}
    for field in signature.inputs:
        values = [inputs[field.name][row] for row in rows]
        missing = np.array([value is None for value in values])
        if missing.any():
            tensors[f"{field.name}:missing"] = Tensor("bool", missing)
        tensors[field.name] = tensor(field, values)
    return tensors


def tensor(field, values):
    """Return a column as a client sends it."""
    if field.dtype == STRING:
        texts = [(value or "").encode() for value in values]
        return Tensor(STRING, np.array([*texts, None], object)[:-1])
    numbers = [0 if value is None else full(value) for value in values]
    return Tensor(field.dtype, np.array(numbers, field.dtype))


def call(predictor, inputs, rows):
    """Answer a request, checked before and after."""
    [signature] = predictor.contract.signatures
    sent = request(signature, inputs, rows)
    arrays = validation.validate_inputs(signature, sent, "same_kind", str)
    found = predictor.model.predict(signature.name, arrays)
    return validation.validate_outputs(signature, found)


CARS = MODELS / "spark43-cars-rf"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sent: sent.pop("year"), 'input "year" is missing'),
        (lambda sent: sent.update(weight=sent["year"]), 'input "weight"'),
        (lambda sent: sent.update(year=sent["weight"]), 'input "year"'),
    ],
    ids=["missing", "texts for numbers", "numbers for texts"],
)
def test_a_column_that_is_missing_or_another_is_named(change, message):
    """A request without a column, or with texts for numbers, says which it is."""
    predictor = load(CARS)
    [signature] = predictor.contract.signatures
    expected = json.loads((CARS / "expected.json").read_text(encoding="utf-8"))
    sent = request(signature, expected["inputs"], [0])
    change(sent)
    with pytest.raises(InvalidInput, match=message):
        validation.validate_inputs(signature, sent, "same_kind", str)


@pytest.mark.parametrize("path", parameters(SERVED, (NEWEST, "digits")))
def test_each_kept_model_is_served_with_its_contract(path):
    """What the contract declares is answered, in its dtypes and shapes."""
    expected = json.loads((path / "expected.json").read_text(encoding="utf-8"))
    predictor = load(path)
    first = expected.get("rows", [0])[:1]
    found = call(predictor, expected["inputs"], first)
    assert set(found) == {field.name for field in predictor.contract.signatures[0].outputs}


# Here the stages alone do not say what the columns are.
ASKED_FOR = ("hashed", "sql", "sql-columns")
SELF_DESCRIBED = [path for path in SERVED if kind_of(path) not in ASKED_FOR]


@pytest.mark.parametrize("path", parameters(SELF_DESCRIBED, (NEWEST,)))
def test_each_kept_model_is_served_without_a_contract(path, tmp_path):
    """What the stages say is enough, and has every output that the contract names."""
    expected = json.loads((path / "expected.json").read_text(encoding="utf-8"))
    (tmp_path / "files").symlink_to(path / "files")
    predictor = load(tmp_path)
    [signature] = predictor.contract.signatures
    names = {field.name for field in signature.outputs}
    contract = read_yaml((path / "contract.yaml").read_text(encoding="utf-8"))
    declared = {field.name for field in contract.signatures[0].outputs}
    assert names >= declared & names
    assert {field.name for field in signature.inputs} <= set(expected["inputs"])


# Their samples are not known: of what an assembler makes a vector of, and of expressions.
UNKNOWN = {"cars-mpg", "sql"}
TRIED = [it for it in SERVED if kind_of(it) not in UNKNOWN]


@pytest.mark.parametrize("path", parameters(TRIED, (NEWEST,)))
def test_what_a_model_is_tried_out_with_is_taken(path):
    """The page's example is answered: indexers refuse new labels, and buckets what is outside."""
    predictor = load(path)
    [signature] = predictor.contract.signatures
    arrays = validation.validate_inputs(signature, sample_inputs(signature), "same_kind", str)
    predictor.model.predict(signature.name, arrays)
