"""A client that says that a value is missing gets the answer of scikit-learn to a missing value."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from runtimes.sklearn.tests.pipelines import compose, quietly
from serving_runtime.client import decode_response, encode_request
from serving_runtime.client.metadata import contract as published
from sklearn_runtime.framework import VERSION
from tests.support.targets import InProcess, ServerOnLoopback

pandas = pytest.importorskip("pandas")
pytestmark = pytest.mark.skipif(VERSION < "1.1", reason="encoders take missing texts since 0.24")
if VERSION >= "1.1":
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer

IN_PROCESS = InProcess()
ROWS = 90
AGES = np.arange(ROWS) % 50 + 18
CITIES = np.array(["Rome", "Oslo", "Lima"], dtype=object)[np.arange(ROWS) % 3]
FLAGS = np.arange(ROWS) % 2 == 0
GONE = np.arange(ROWS) % 4 == 0
ANSWERS = GONE.astype(np.int64)
TEXT = """
name: predict
inputs:
  age: {shape: [-1], type: int64}
  city: {shape: [-1], type: string}
  flag: {shape: [-1], type: bool}
outputs:
  predict: {shape: [-1], type: int64}
"""


def column(values, gone, nothing=np.nan):
    """Return a column of objects with nothing in some places."""
    found = np.array(values, dtype=object)
    found[gone] = nothing
    return found


def frame(nothing=np.nan, numbers=float):
    """Return a table in which a quarter of each column is missing."""
    ages = pandas.Series(column(AGES, GONE)).astype(numbers)
    flags = pandas.Series(column(FLAGS, GONE)).astype(numbers)
    cities = pandas.Series(column(CITIES, GONE, nothing), dtype=object)
    return pandas.DataFrame({"age": ages, "city": cities, "flag": flags})


def imputed(**options):
    """Return a model that fills in what is missing."""
    fill = SimpleImputer(strategy="constant", fill_value="missing", **options)
    hot = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore"))
    parts = [("city", hot, ["city"]), ("rest", SimpleImputer(add_indicator=True), ["age", "flag"])]
    return make_pipeline(compose.ColumnTransformer(parts), DecisionTreeClassifier(random_state=0))


def encoded():
    """Return a model whose encoder has a category for what is missing."""
    parts = [("hot", OneHotEncoder(handle_unknown="ignore"), ["city", "flag"])]
    columns = compose.ColumnTransformer(parts, remainder=SimpleImputer())
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def boosted():
    """Return a histogram gradient boosting, which has a side of each split for what is missing."""
    return HistGradientBoostingClassifier(
        categorical_features="from_dtype", min_samples_leaf=2, random_state=0, max_iter=20
    )


def by_function(rows):
    """Return which cities pandas itself takes for missing."""
    return np.c_[rows["city"].isna(), rows["age"].isna(), rows["flag"].isna()].astype(float)


MODELS = {
    "imputer": lambda: imputed().fit(frame(), ANSWERS),
    "imputer of None": lambda: imputed(missing_values=None).fit(frame(None), ANSWERS),
    "imputer of a word": lambda: imputed(missing_values="?").fit(frame("?"), ANSWERS),
    "encoder": lambda: encoded().fit(frame(), ANSWERS),
    "encoder of None": lambda: encoded().fit(frame(None), ANSWERS),
    "encoder of objects": lambda: encoded().fit(
        frame(numbers=object).astype({"age": float}), ANSWERS
    ),
    "function": lambda: make_pipeline(
        FunctionTransformer(by_function, validate=False), DecisionTreeClassifier(random_state=0)
    ).fit(frame(), ANSWERS),
}
if VERSION >= "1.4":
    MODELS["boosting"] = lambda: boosted().fit(frame().astype({"city": "category"}), ANSWERS)


@pytest.fixture
def start(tmp_path, save):
    """Serve a model under the contract of this module, or under none."""

    def started(model, text=TEXT, target=IN_PROCESS):
        save(model, "model.cloudpickle")
        if text:
            (tmp_path / "contract.yaml").write_text(text)
        return target.start("sklearn", tmp_path, {})

    return started


def ask(service, *several):
    """Return the answers to requests that arrive together, or the details of failures."""
    requests = [encode_request("predict", rows, as_content=True) for rows in several]
    return [
        decode_response(answer.payload)["predict"].tolist()
        if answer.status == "OK"
        else f"{answer.status}: {answer.details}"
        for answer in service.answer_all(requests)
    ]


def request(gone=GONE):
    """Return all rows as a client sends them."""
    return {
        "age": column(AGES, gone, None),
        "city": column(CITIES, gone, None),
        "flag": column(FLAGS, gone, None),
    }


@pytest.mark.parametrize("name", MODELS)
def test_missing_values_are_the_model_s_own(start, name):
    """In texts, integers and booleans, whatever stands for them in the model."""
    with quietly():
        model = MODELS[name]()
    with start(model) as service:
        answer, there = ask(service, request(), request(GONE & False))
    assert answer == ANSWERS.tolist()
    assert there != answer


def test_calls_with_and_without_masks_are_stacked_rightly(start):
    """Each caller gets the answer to its own rows, whoever else is in the batch."""
    with quietly():
        model = MODELS["imputer"]()
    rows = [{name: values[at : at + 2] for name, values in request().items()} for at in range(40)]
    with start(model) as service:
        assert ask(service, *rows) == [ANSWERS[at : at + 2].tolist() for at in range(40)]


def test_a_server_takes_masks_and_publishes_them(start):
    """A client that asks finds no input that it must send but those of the contract."""
    with start(MODELS["imputer"](), target=ServerOnLoopback(workers=1)) as service:
        (signature,) = published(service.address, 10).signatures
        assert ask(service, request()) == [ANSWERS.tolist()]
    assert [field.name for field in signature.inputs] == ["age", "city", "flag"]


def test_an_empty_text_is_a_text(start):
    """It is another city, and not a missing one."""
    rows = {"age": [30] * 3, "city": ["", None, "Rome"], "flag": [True] * 3}
    model = make_pipeline(
        FunctionTransformer(by_function, validate=False), DecisionTreeClassifier(random_state=0)
    ).fit(frame().assign(age=AGES, flag=FLAGS), ANSWERS)
    with start(model) as service:
        assert ask(service, rows) == [[0, 1, 0]]


def test_a_text_for_a_vectoriser_cannot_be_missing(start):
    """A vectoriser has nothing for it, and the name of the column is told."""
    parts = [("words", CountVectorizer(), "city"), ("age", "passthrough", ["age"])]
    model = make_pipeline(compose.ColumnTransformer(parts), DecisionTreeClassifier(random_state=0))
    rows = pandas.DataFrame({"age": AGES, "city": CITIES})
    with start(model.fit(rows, ANSWERS), text="") as service:
        refused, there = ask(
            service, {"age": [30.0], "city": [None]}, {"age": [np.nan], "city": ["Rome"]}
        )
    assert refused.startswith("INVALID_ARGUMENT")
    assert 'column "city" cannot hold a missing value' in refused
    assert len(there) == 1


def test_values_that_the_model_refuses_are_the_caller_s_fault(start):
    """A model that cannot do without a value says so, and the call is INVALID_ARGUMENT."""
    rows = pandas.DataFrame({"age": AGES.astype(float), "flag": FLAGS.astype(float)})
    parts = [("rest", "passthrough", ["age", "flag"])]
    with quietly():
        model = make_pipeline(compose.ColumnTransformer(parts), LogisticRegression(max_iter=500))
        model.fit(rows, ANSWERS)
    with start(model, text="") as service:
        (refused,) = ask(service, {"age": [None], "flag": [1]})
    assert refused.startswith("INVALID_ARGUMENT: Input X contains NaN")


@pytest.mark.parametrize("width", [1, 2])
def test_tables_of_texts_have_masks_of_their_shape(start, width):
    """An encoder that was fitted on an array takes missing texts just so."""
    cities = np.stack([column(CITIES, GONE)] * width, axis=1)
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    text = f"name: predict\ninputs: {{x: {{shape: [-1, {width}], type: string}}}}\n"
    text += "outputs: {predict: {shape: [-1], type: int64}}\n"
    with start(model.fit(cities, ANSWERS), text) as service:
        answers = ask(service, {"x": np.stack([column(CITIES, GONE, None)] * width, axis=1)})
    assert answers == [ANSWERS.tolist()]
