"""What a contract says of a column is true, unless the fitted model proves that it is not."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from runtimes.sklearn.tests.pipelines import compose, quietly
from serving_runtime.contract import agreement, read_yaml
from serving_runtime.errors import LoadError
from sklearn_runtime.framework import VERSION

pandas = pytest.importorskip("pandas")
pytestmark = pytest.mark.skipif(VERSION < "0.22", reason="columns' names are kept since 0.22")

ROWS = 60
AGES = np.arange(ROWS) % 50 + 18
CITIES = np.array(["Rome", "Oslo", "Lima"], dtype=object)[np.arange(ROWS) % 3]
FRAME = pandas.DataFrame({"age": AGES, "city": CITIES})
ANSWERS = ((AGES > 45) ^ (CITIES == "Oslo")).astype(np.int64)
CONTRACT = """
    name: predict
    inputs:
      age: {{shape: [-1], type: {}}}
      city: {{shape: [-1], type: {}}}
    outputs:
      predict: {{shape: [-1], type: int64}}
"""


def lengths(frame):
    """Return how long the texts are."""
    texts = np.asarray(frame).ravel().tolist()
    return np.array([len(str(text)) for text in texts], dtype=float).reshape(-1, 1)


def both(frame):
    """Return numbers of two columns."""
    return np.c_[frame["age"], frame["city"] == "Oslo"]


def lower(frame):
    """Return texts in lower case."""
    return np.array([[str(text).lower()] for text in np.asarray(frame).ravel()], dtype=object)


class Own(BaseEstimator, TransformerMixin):
    """A step of the user's, with an attribute that is named as an encoder's."""

    categories_ = ({"not": "categories"},)

    def fit(self, rows, answers=None):
        """Learn nothing."""
        return self

    def transform(self, rows):
        """Return the lengths of the texts."""
        return lengths(rows)


def encoder():
    """Return an encoder that takes categories that it has not seen."""
    return OneHotEncoder(handle_unknown="ignore")


def function(of):
    """Return a step that is a function."""
    return FunctionTransformer(of, validate=False)


def on_city(step):
    """Return a model that gives the city to a step, and the age to the tree."""
    parts = [("city", step, ["city"]), ("age", "passthrough", ["age"])]
    return make_pipeline(compose.ColumnTransformer(parts), DecisionTreeClassifier(random_state=0))


MODELS = {
    "function": lambda: on_city(function(lengths)),
    "function first": lambda: make_pipeline(function(both), DecisionTreeClassifier(random_state=0)),
    "function before the encoder": lambda: on_city(make_pipeline(function(lower), encoder())),
    "union": lambda: on_city(FeatureUnion([("hot", encoder())])),
    "union of function and encoder": lambda: on_city(
        FeatureUnion([("long", function(lengths)), ("hot", encoder())])
    ),
    "own step": lambda: on_city(Own()),
    "own step in a pipeline": lambda: on_city(make_pipeline(Own(), StandardScaler())),
    "encoder in a pipeline": lambda: on_city(Pipeline([("hot", encoder())])),
    "column transformer in another": lambda: on_city(
        compose.ColumnTransformer([("hot", encoder(), [0])])
    ),
}


def fitted(name):
    """Return one of the models, fitted."""
    with quietly():
        return MODELS[name]().fit(FRAME, ANSWERS)


def agreed(serve, model, text):
    """Return the contract that is served, and the model behind it, as the start makes them."""
    declared = read_yaml(text)
    inferred, served = serve(model, declared)
    return agreement.reconcile(declared, inferred).contract, served


@pytest.mark.parametrize("kind", ["string", "any"])
@pytest.mark.parametrize("name", MODELS)
def test_texts_that_the_contract_declares_are_served(serve, name, kind):
    """Whatever step they go to, the answers are the model's own."""
    model = fitted(name)
    contract, served = agreed(serve, model, CONTRACT.format("int64", kind))
    assert contract.signatures[0].inputs[1].dtype in ("string", "any")
    answer = served.predict("predict", {"age": AGES, "city": CITIES})["predict"]
    assert answer.tolist() == model.predict(FRAME).tolist()


@pytest.mark.parametrize("name", ["function", "own step", "function first"])
def test_numbers_for_a_column_of_which_nothing_is_known_are_served(serve, name):
    """Nothing proves that such a column holds texts."""
    contract, _ = agreed(serve, fitted(name), CONTRACT.format("int64", "int32"))
    assert contract.signatures[0].inputs[1].dtype == "int32"


@pytest.mark.parametrize(
    "name", ["union", "encoder in a pipeline", "column transformer in another"]
)
def test_numbers_for_a_column_that_is_proven_to_hold_texts_are_refused(serve, name):
    """The advice, to leave the contract out, starts the service."""
    with pytest.raises(
        LoadError, match=r'"city": the contract says int64.*model says string'
    ) as it:
        agreed(serve, fitted(name), CONTRACT.format("int64", "int64"))
    assert "or leave it out" in it.value.fix
    contract, served = serve(fitted(name))
    assert [str(field) for field in contract.signatures[0].inputs] == ["float64[-1]", "string[-1]"]
    assert len(served.predict("predict", {"age": AGES, "city": CITIES})["predict"]) == ROWS


def test_a_guess_is_overruled_with_a_warning(serve, caplog):
    """An encoder behind a function only suggests what the column holds."""
    agreed(serve, fitted("function before the encoder"), CONTRACT.format("int64", "int64"))
    assert (
        "column city looks like string to the model's steps: the contract says int64" in caplog.text
    )


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([1, 2], dtype=object), "int64"),
        (np.array([True, False], dtype=object), "bool"),
        (np.array([1.5, 2], dtype=object), "any"),
        (np.array([1, 2]), "int64"),
        (np.array(["a", "b"]), "string"),
        (pandas.Series(["a", "b"], dtype="category"), "string"),
    ],
)
def test_categories_are_of_the_kind_of_their_values(serve, values, dtype):
    """Objects are not always texts: a column of integers may be one of objects to pandas."""
    frame = pandas.DataFrame({"age": [1.0, 2.0], "city": values})
    model = compose.ColumnTransformer([("hot", encoder(), ["city"])], remainder="passthrough")
    with quietly():
        contract, _ = serve(model.fit(frame))
    expected = "float64" if dtype == "any" else dtype
    assert contract.signatures[0].inputs[1].dtype == expected


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(("values", "kind"), [([3, 5], "int64"), ([True, False], "bool")])
def test_numbers_that_were_objects_to_an_encoder_are_objects(serve, values, kind, is_named):
    """scikit-learn compares its categories with nothing else, whether columns have names or not."""
    rows = np.array([values, values[::-1]] * 2, dtype=object)
    rows = pandas.DataFrame(rows, columns=["a", "b"], dtype=object) if is_named else rows
    with quietly():
        model = make_pipeline(encoder(), DecisionTreeClassifier()).fit(rows, [0, 1] * 2)
    field = f"{{shape: [-1], type: {kind}}}"
    texts = [f"{{a: {field}, b: {field}}}"] if is_named else []
    for inputs in [*texts, f"{{x: {{shape: [-1, 2], type: {kind}}}}}"]:
        text = (
            f"name: predict\ninputs: {inputs}\noutputs: {{predict: {{shape: [-1], type: int64}}}}"
        )
        _, served = agreed(serve, model, text)
        table = np.array([values, values[::-1]], dtype=kind)
        sent = {"x": table} if "x:" in inputs else dict(zip("ab", table.T))
        assert served.predict("predict", sent)["predict"].tolist() == [0, 1]


def test_fewer_columns_than_the_model_has_are_refused(serve):
    """Without names they can only mean something by their order; the advice mends it."""
    model = DecisionTreeClassifier().fit(np.c_[AGES, AGES], ANSWERS)
    with pytest.raises(LoadError, match="has 3 columns, and the model was fitted on 2") as caught:
        agreed(serve, model, """
            name: predict
            inputs: {a: {shape: [-1], type: int64}, b: {shape: [-1], type: int64},
                     c: {shape: [-1], type: int64}}
            outputs: {predict: {shape: [-1], type: int64}}
        """)  # fmt: skip
    assert "declare all 2 columns, in the order of the fit" in caught.value.fix


class Invented(DecisionTreeClassifier):
    """An estimator that names the columns of an array, as LightGBM does."""

    prefix = "Column_"

    @property
    def feature_names_in_(self):
        """The names: made up, whatever came."""
        return np.array([f"{self.prefix}{index}" for index in range(2)], dtype=object)

    @feature_names_in_.setter
    def feature_names_in_(self, names):
        pass

    @feature_names_in_.deleter
    def feature_names_in_(self):
        pass

    def _check_feature_names(self, *rows, **options):
        pass


@pytest.mark.parametrize("prefix", ["Column_", "f", "feature_", "x", ""])
@pytest.mark.parametrize("order", [("age", "income"), ("income", "age")])
def test_invented_names_give_way_to_the_contract_s(serve, caplog, monkeypatch, prefix, order):
    """The columns are given in the contract's order, and one warning says so."""
    monkeypatch.setattr(Invented, "prefix", prefix)
    rows = np.c_[AGES, np.arange(ROWS)].astype(float)
    model = Invented(random_state=0).fit(rows, ANSWERS)
    expected = model.predict(pandas.DataFrame(rows, columns=model.feature_names_in_))
    text = "name: predict\noutputs: {predict: {shape: [-1], type: int64}}\ninputs:\n"
    text += "".join(f"  {name}: {{shape: [-1], type: double}}\n" for name in order)
    _, served = agreed(serve, model, text)
    answer = served.predict("predict", dict(zip(order, rows.T)))["predict"]
    assert answer.tolist() == expected.tolist()
    assert f"{prefix}0, {prefix}1, which looks made up" in caplog.text


def test_a_matrix_of_texts_for_numbers_is_refused(serve):
    """All columns of the table go to an encoder of texts, so no number can ever fit."""
    with quietly():
        model = encoder().fit(np.stack([CITIES, CITIES], axis=1))
    with pytest.raises(
        LoadError, match=r"the contract says float64\[-1, 2\], the model says string"
    ):
        agreed(serve, model, """
            name: transform
            inputs: {x: {shape: [-1, 2], type: double}}
            outputs: {transform: {type: double}}
        """)  # fmt: skip


class Recommender:
    """Predicts for a user and an item: no table of rows will do."""

    def predict(self, user, item):
        """Return a rating."""
        return user + item


def test_a_method_that_takes_more_than_rows_is_refused(serve):
    """No call of such a model could succeed, so it does not start."""
    with pytest.raises(LoadError, match=r"its predict takes \(user, item\)"):
        serve(Recommender())
