"""What a fitted model says of itself, and what becomes of a contract that says otherwise."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from runtimes.sklearn.tests.pipelines import PIPELINES, compose, linear, numbers, quietly, table
from serving_runtime.contract import agreement, read_yaml
from serving_runtime.errors import LoadError
from serving_runtime.framework import columns
from sklearn_runtime import inference
from sklearn_runtime.framework import VERSION

X, Y = numbers()
needs_columns = pytest.mark.skipif(compose is None, reason="ColumnTransformer is of 0.20")
needs_names = pytest.mark.skipif(VERSION < "0.22", reason="columns' names are kept since 0.22")


def told(estimator):
    """Return each signature as one line."""
    return {
        signature.name: "{} -> {}".format(
            *(", ".join(f"{field.name}: {field}" for field in fields)
              for fields in (signature.inputs, signature.outputs))
        )
        for signature in inference.contract_of(estimator).signatures
    }  # fmt: skip


def agreed(serve, estimator, text):
    """Reconcile a contract.yaml with an estimator, as the start does."""
    declared = read_yaml(text)
    inferred, _ = serve(estimator, declared)
    return agreement.reconcile(declared, inferred)


def test_a_classifier_has_a_signature_for_each_method():
    """Labels keep their dtype, strings included."""
    assert told(linear()) == {
        "predict": "x: float64[-1, 6] -> predict: string[-1]",
        "predict_proba": "x: float64[-1, 6] -> predict_proba: float64[-1, 2]",
        "predict_log_proba": "x: float64[-1, 6] -> predict_log_proba: float64[-1, 2]",
        "decision_function": "x: float64[-1, 6] -> decision_function: float64[-1]",
    }


def test_neighbours_are_two_outputs():
    """The method returns distances and indices."""
    contract = told(KNeighborsRegressor(3).fit(X, X[:, 0]))
    assert contract["kneighbors"] == (
        "x: float64[-1, 6] -> distances: float64[-1, 3], indices: int64[-1, 3]"
    )


def test_a_transformer_has_no_predict():
    """PCA transforms, and tells the likelihood of samples."""
    contract = told(Pipeline([("scale", StandardScaler()), ("pca", PCA(2))]).fit(X))
    assert contract["transform"] == "x: float64[-1, 6] -> transform: float64[-1, 2]"
    assert "predict" not in contract


def test_several_targets_are_several_outputs():
    """A list of probabilities has an output for each target, since classes differ in number."""
    targets = np.stack([Y, np.arange(len(Y)) % 3], axis=1)
    contract = told(RandomForestClassifier(n_estimators=3).fit(X, targets))
    assert contract["predict"].endswith("64[-1, 2]")
    assert contract["predict_proba"] == (
        "x: float64[-1, 6] -> predict_proba_0: float64[-1, 2], predict_proba_1: float64[-1, 3]"
    )


def test_a_search_is_what_it_found():
    """GridSearchCV over a pipeline is looked through."""
    search = GridSearchCV(linear(), {"model__C": [1.0]}, cv=2)
    with quietly():
        search.fit(X, Y)
    assert told(search)["predict"] == "x: float64[-1, 6] -> predict: int64[-1]"


def test_texts_are_a_list_of_strings():
    """A vectoriser takes texts, not a table."""
    contract = told(PIPELINES["text"]().estimator)
    assert contract["predict"] == "text: string[-1] -> predict: int64[-1]"


@needs_names
def test_a_column_transformer_takes_a_column_each():
    """Encoders and vectorisers tell which columns are strings."""
    contract = told(PIPELINES["columns"]().estimator)
    assert contract["predict"] == (
        "age: float64[-1], city: string[-1], income: float64[-1], about: string[-1] -> "
        "predict: int64[-1]"
    )


@needs_names
@pytest.mark.parametrize(
    "chosen", [["b", "c"], slice("b", "c"), slice(1, 3), [1, 2], np.array([False, True, True])]
)
def test_columns_may_be_chosen_in_any_way(chosen):
    """By names, positions, slices of either, or a mask."""
    import pandas

    frame = pandas.DataFrame({"a": [0.0, 1.0], "b": ["x", "y"], "c": ["u", "v"]})
    model = compose.ColumnTransformer(
        [("encode", OneHotEncoder(), chosen)], remainder="passthrough"
    )
    with quietly():
        contract = inference.contract_of(model.fit(frame))
    (signature,) = contract.signatures
    assert [str(field) for field in signature.inputs] == ["float64[-1]", "string[-1]", "string[-1]"]
    assert str(signature.outputs[0]) == "float64[-1, 5]"


def test_what_cannot_be_tried_out_is_said(caplog):
    """A model that refuses the made-up rows is served, with outputs of any dtype and shape."""

    class Picky:
        n_features_in_ = 2

        def predict(self, rows):
            raise ValueError("only real data")

    assert told(Picky()) == {"predict": "x: float64[-1, 2] -> predict: any[...]"}
    assert "could not be tried out on made-up values (ValueError: only real data)" in caplog.text


def test_declared_numbers_of_another_width_stand(serve):
    """float32 rows and int32 labels are converted, so no contract is refused for them."""
    forest = RandomForestClassifier(n_estimators=3).fit(X, Y)
    contract, warnings = agreed(serve, forest, """
        name: predict
        inputs: {rows: {shape: [-1, 6], type: float32}}
        outputs: {label: {shape: [-1], type: int32}}
    """)  # fmt: skip
    (signature,) = contract.signatures
    assert str(signature.inputs[0]) == "float32[-1, 6]"
    assert str(signature.outputs[0]) == "int32[-1]"
    assert warnings == []


def test_a_declared_width_that_is_wrong_is_warned_of(serve):
    """The model's own is served."""
    contract, warnings = agreed(serve, linear(), """
        name: predict
        inputs: {x: {shape: [-1, 4], type: double}}
        outputs: {y: {shape: [-1, 1], type: string}}
    """)  # fmt: skip
    assert str(contract.signatures[0].inputs[0]) == "float64[-1, 6]"
    assert str(contract.signatures[0].outputs[0]) == "string[-1]"
    assert "the contract says float64[-1, 4], the model says float64[-1, 6]" in warnings[0]


def test_a_declared_dtype_of_another_kind_is_refused(serve):
    """Labels that are strings are no numbers."""
    with pytest.raises(LoadError, match=r"the contract says int64\[-1\], the model says string"):
        agreed(serve, linear(), """
            name: predict
            inputs: {x: {shape: [-1, 6], type: double}}
            outputs: {y: {shape: [-1], type: int64}}
        """)  # fmt: skip


@needs_names
def test_a_column_that_the_model_does_not_know_is_refused(serve):
    """The nearest name is told; a column that is left out is warned of."""
    with pytest.raises(LoadError, match='"citty" is not in the model: did you mean "city"'):
        agreed(serve, PIPELINES["columns"]().estimator, """
            name: predict
            inputs:
              age: {shape: [-1], type: int64}
              citty: {shape: [-1], type: string}
              income: {shape: [-1], type: double}
              about: {shape: [-1], type: string}
            outputs: {predict: {shape: [-1], type: int64}}
        """)  # fmt: skip


@needs_names
def test_a_column_of_another_kind_is_refused(serve):
    """A number for a column of strings is found at start, not at the first call."""
    with pytest.raises(LoadError, match=r'"city": the contract says int64.*the model says string'):
        agreed(serve, PIPELINES["columns"]().estimator, """
            name: predict
            inputs:
              age: {shape: [-1], type: int64}
              city: {shape: [-1], type: int64}
              income: {shape: [-1], type: double}
              about: {shape: [-1], type: string}
            outputs: {predict: {shape: [-1], type: int64}}
        """)  # fmt: skip


@needs_columns
def test_columns_come_in_any_order(serve):
    """The frame has the columns in the order of the fit."""
    import pandas

    estimator = PIPELINES["columns"]().estimator
    _, model = serve(estimator, read_yaml("""
        name: predict_proba
        inputs:
          income: {shape: [-1, 1], type: double}
          about: {shape: [-1], type: string}
          city: {shape: [-1], type: string}
          age: {shape: [-1], type: int64}
        outputs: {predict_proba: {shape: [-1, 2], type: double}}
    """))  # fmt: skip
    rows = {**table(), "income": table()["income"].reshape(-1, 1)}
    answer = model.predict("predict_proba", rows)["predict_proba"]
    assert np.array_equal(answer, estimator.predict_proba(pandas.DataFrame(table())))


@needs_columns
def test_columns_by_name_need_pandas(serve, monkeypatch):
    """A row without pandas says so at start."""
    monkeypatch.setattr(columns, "has_pandas", lambda: False)
    with pytest.raises(LoadError, match="takes pandas, and that is not installed here"):
        serve(PIPELINES["columns"]().estimator)


@needs_names
def test_a_table_may_be_named_like_a_column(serve):
    """A matrix is no column, whatever it is called."""
    import pandas

    with quietly():
        model = linear().fit(pandas.DataFrame(X, columns=list("uvwxyz")), Y)
    contract, served = serve(model)
    assert str(contract.signatures[0].inputs[0]) == "float64[-1, 6]"
    answer = served.predict("predict", {"x": X})["predict"]
    assert np.array_equal(answer, model.predict(pandas.DataFrame(X, columns=list("uvwxyz"))))


@needs_columns
def test_columns_by_position_need_no_pandas(serve, monkeypatch):
    """A ColumnTransformer that was fitted on an array takes an array."""
    model = compose.ColumnTransformer([("scale", StandardScaler(), [0, 1])]).fit(X)
    monkeypatch.setattr(columns, "has_pandas", lambda: False)
    _, served = serve(model)
    assert np.array_equal(served.predict("transform", {"x": X})["transform"], model.transform(X))
