"""What a model is tried out with is what it takes: encoders refuse texts that they do not know."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from runtimes.sklearn.tests.pipelines import compose
from serving_runtime import validation
from serving_runtime.contract.samples import sample_inputs
from serving_runtime.signature import Field, Signature
from sklearn_runtime import columns, loader
from sklearn_runtime.framework import VERSION

pandas = pytest.importorskip("pandas")
pytestmark = pytest.mark.skipif(VERSION < "0.22", reason="columns' names are kept since 0.22")

ROWS = 60
AGES = np.arange(ROWS) % 50 + 18
CITIES = np.array(["Rome", "Oslo", "Lima"], dtype=object)[np.arange(ROWS) % 3]
SIZES = np.arange(ROWS) % 3 + 36
ANSWERS = ((AGES > 45) ^ (CITIES == "Oslo")).astype(np.int64)


def by_column():
    """Return a model of columns: one of numbers, and two that must have been seen."""
    parts = [("seen", OneHotEncoder(), ["city", "size"])]
    seen = compose.ColumnTransformer(parts, remainder="passthrough")
    model = make_pipeline(seen, LogisticRegression(max_iter=1000))
    return model.fit(pandas.DataFrame({"age": AGES, "city": CITIES, "size": SIZES}), ANSWERS)


def by_table():
    """Return a model of a table of texts."""
    table = np.stack([CITIES, CITIES[::-1]], axis=1)
    return make_pipeline(OneHotEncoder(), LogisticRegression(max_iter=1000)).fit(table, ANSWERS)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (by_column, {"age": [0], "city": ["Lima"], "size": [36]}),
        (by_table, [["Lima", "Lima"]]),
    ],
)
def test_samples_are_taken(files, save, make, expected):
    """Each signature answers its own sample, in which the columns that matter have known values."""
    save(make(), "model.joblib")
    contract = loader.infer_contract(files)
    model = loader.load(files, contract)
    for signature in validation.with_nullable(contract, model).signatures:
        sample = sample_inputs(signature)
        inputs = validation.validate_inputs(signature, sample, "same_kind", model.string_type)
        shown = {name: array.tolist() for name, array in inputs.items()}
        assert shown == expected or list(shown.values()) == [expected]
        assert all(len(it) == 1 for it in model.predict(signature.name, inputs).values())


@pytest.mark.parametrize("dtype", ["string", "int8", "bool", "float32", "any"])
def test_values_of_another_kind_are_no_samples(dtype):
    """A contract may declare what the encoder has not: then zeros and empty texts stay."""
    inputs = tuple(Field(name, dtype, (-1,)) for name in ("age", "city", "size"))
    signature = Signature("predict", inputs, (Field("predict", "int64", (-1,)),))
    found = columns.samples(by_column(), signature, is_by_column=True)
    sample_inputs(signature._replace(samples=tuple(found.items())))
    assert ("city" in found) is (dtype in ("string", "any"))
    assert ("size" in found) is (dtype == "float32")
