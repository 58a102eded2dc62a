"""XGBoost, LightGBM and CatBoost: their categories, made-up names, missing values and raw boosters.

They are in no environment of the repository: where they are not installed, nothing is tried.
"""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from serving_runtime.client import decode_response, encode_request
from sklearn_runtime import boosters
from tests.support.targets import InProcess

pandas = pytest.importorskip("pandas")

ROWS = 80
AGES = np.arange(ROWS) % 50 + 18
CITIES = np.array(["Rome", "Oslo", "Lima"], dtype=object)[np.arange(ROWS) % 3]
NONE = np.zeros(ROWS, bool)
ANSWERS = ((AGES > 45) ^ (CITIES == "Oslo")).astype(np.int64)
NUMBERS = np.c_[AGES, np.arange(ROWS) % 7].astype(float)
OUTPUTS = "outputs: {predict: {shape: [-1], type: int64}}\n"
FLOATS = "outputs: {predict: {shape: [-1], type: float}}\n"
MIXED = "inputs: {age: {shape: [-1], type: int64}, city: {shape: [-1], type: string}}\n"
PLAIN = "inputs: {a: {shape: [-1], type: double}, b: {shape: [-1], type: double}}\n"


def frame(gone=NONE):
    """Return a table with a column of categories."""
    cities = pandas.Series(CITIES, dtype="category")
    cities[gone] = np.nan
    return pandas.DataFrame({"age": AGES, "city": cities})


def lightgbm():
    """Return an estimator of LightGBM's, not fitted."""
    library = pytest.importorskip("lightgbm")
    return library.LGBMClassifier(n_estimators=9, min_child_samples=2, verbose=-1)


def xgboost():
    """Return an estimator of XGBoost's, not fitted."""
    library = pytest.importorskip("xgboost")
    return library.XGBClassifier(n_estimators=9, enable_categorical=True)


def catboost():
    """Return an estimator of CatBoost's, not fitted."""
    library = pytest.importorskip("catboost")
    return library.CatBoostClassifier(iterations=9, verbose=0, allow_writing_files=False)


LIBRARIES = [lightgbm, xgboost, catboost]


def fitted(library):
    """Return an estimator that was fitted with categories, and what it takes for the rows."""
    if library is catboost:
        rows = frame().astype({"city": object})
        return catboost().fit(rows, ANSWERS, cat_features=["city"]), rows
    return library().fit(frame(), ANSWERS), frame()


@pytest.fixture
def start(tmp_path, save):
    """Serve a model under a contract, or under none."""

    def started(model, text):
        save(model, "model.joblib")
        if text:
            (tmp_path / "contract.yaml").write_text(f"name: predict\n{text}")
        return InProcess().start("sklearn", tmp_path, {})

    return started


def ask(service, *several):
    """Return the answers to requests that arrive together, or the details of failures."""
    requests = [encode_request("predict", rows, as_content=True) for rows in several]
    return [
        decode_response(it.payload)["predict"].tolist() if it.status == "OK" else
        f"{it.status}: {it.details}"
        for it in service.answer_all(requests)
    ]  # fmt: skip


@pytest.mark.parametrize(("library", "is_declared"), [
    (lightgbm, True), (lightgbm, False), (xgboost, True), (catboost, True), (catboost, False),
])  # fmt: skip
def test_texts_become_categories(start, library, is_declared):
    """Those of the fit, whichever are in a request; XGBoost alone does not say what they are."""
    model, rows = fitted(library)
    inputs = {"age": AGES, "city": CITIES}
    some = {name: values[[1, 0]] for name, values in inputs.items()}
    with start(model, MIXED + OUTPUTS if is_declared else "") as service:
        answer, two = ask(service, inputs, some)
    assert answer == model.predict(rows).tolist()
    assert two == [answer[1], answer[0]]


@pytest.mark.parametrize("library", [lightgbm, xgboost])
def test_a_missing_category_is_the_library_s_own(start, library):
    """It has a side of each split for it."""
    gone = np.arange(ROWS) % 4 == 0
    model = library().fit(frame(gone), gone.astype(int))
    cities = CITIES.copy()
    cities[gone] = None
    with start(model, MIXED + OUTPUTS) as service:
        assert ask(service, {"age": AGES, "city": cities}) == [gone.astype(int).tolist()]


def test_a_category_of_catboost_s_cannot_be_missing(start):
    """CatBoost refuses NaN and None there; its numbers may be missing."""
    model, _ = fitted(catboost)
    with start(model, MIXED + OUTPUTS) as service:
        refused, there = ask(
            service, {"age": [30], "city": [None]}, {"age": [None, 30], "city": ["Oslo", "Rome"]}
        )
    assert 'column "city" cannot hold a missing value' in refused
    assert len(there) == 2


def test_a_category_that_is_new_to_xgboost_is_the_caller_s_fault(start):
    """It is the value that is wrong, not the model."""
    model, _ = fitted(xgboost)
    with start(model, MIXED + OUTPUTS) as service:
        assert ask(service, {"age": [3], "city": ["Bonn"]})[0].startswith("INVALID_ARGUMENT")


@pytest.mark.parametrize("library", LIBRARIES)
def test_made_up_names_give_way_to_the_contract_s(start, library):
    """The columns are given in the contract's order, also behind another step."""
    for model in (library(), make_pipeline("passthrough", library())):
        model.fit(NUMBERS, ANSWERS)
        with start(model, PLAIN + OUTPUTS) as service:
            answers = ask(service, {"a": NUMBERS[:, 0], "b": NUMBERS[:, 1]})
        assert answers == [model.predict(NUMBERS).tolist()]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_model_of_numbers_needs_no_contract(start, library):
    """Fitted on an array, it takes a matrix."""
    model = library().fit(NUMBERS, ANSWERS)
    with start(model, "") as service:
        assert ask(service, {"x": NUMBERS}) == [model.predict(NUMBERS).tolist()]


@pytest.mark.parametrize("library", [lightgbm, xgboost])
def test_texts_for_a_model_of_numbers_are_refused(start, library):
    """Neither library takes texts where it has seen numbers."""
    model = library().fit(NUMBERS, ANSWERS)
    with pytest.raises(Exception, match='"city": the contract says string.*model says float64'):
        start(model, MIXED + OUTPUTS).__enter__()


@pytest.mark.parametrize("is_categorical", [True, False])
@pytest.mark.parametrize("library", [lightgbm, xgboost])
def test_a_raw_booster_is_served(start, library, is_categorical):
    """What has no interface of scikit-learn's predicts what the library predicts."""
    rows = frame() if is_categorical else NUMBERS
    model = library().fit(rows, ANSWERS)
    booster = model.booster_ if library is lightgbm else model.get_booster()
    inputs = {"age": AGES, "city": CITIES} if is_categorical else {"x": NUMBERS}
    with start(booster, MIXED + FLOATS if is_categorical else "") as service:
        (answer,) = ask(service, inputs)
    np.testing.assert_allclose(answer, model.predict_proba(rows)[:, 1], rtol=1e-6)


class Booster:
    """A booster of an old XGBoost's, which forgets the categories."""

    feature_types = ("int", "c")

    def num_features(self):
        """Return how many columns there are."""
        return 2


def test_categories_that_are_not_kept_are_numbers():
    """Before 3.1 a column of categories can only be sent as their codes."""
    Booster.__module__ = "xgboost.core"
    assert [it.dtype for it in boosters.columns(Booster(), 2)] == ["float64", "float64"]
