"""Names in the contract pick methods; what they share is run once; results become arrays."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from runtimes.sklearn.tests.pipelines import linear, numbers, quietly
from serving_runtime.contract import read_yaml
from serving_runtime.errors import BrokenResult, InvalidInput, LoadError
from serving_runtime.signature import Field, Signature
from sklearn_runtime import calling, plan
from sklearn_runtime.plan import Source
from sklearn_runtime.results import array_of

X, Y = numbers()
METHODS = ("predict", "predict_proba", "kneighbors")


def sources(name, *outputs, available=METHODS):
    """Return where the outputs of a signature come from."""
    return plan.sources(Signature(name, (), tuple(Field(it, "any") for it in outputs)), available)


@pytest.mark.parametrize(("name", "output", "source"), [
    ("predict", "y", Source("predict")),
    ("predict_proba", "y", Source("predict_proba")),
    ("infer", "y", Source("predict")),
    ("infer", "predict_proba", Source("predict_proba")),
    ("predict", "predict_proba", Source("predict_proba")),
    ("predict", "predict_proba_1", Source("predict_proba", 1)),
    ("near", "indices", Source("kneighbors", 1)),
])  # fmt: skip
def test_a_name_picks_the_method(name, output, source):
    """The output's name first, then the signature's, then what the model is for."""
    assert sources(name, output) == {output: source}


def test_what_has_no_predict_transforms():
    """A transformer's one output may have any name, too."""
    assert sources("scale", "z", available=("transform",)) == {"z": Source("transform")}


def test_several_outputs_are_several_methods():
    """One of them may have a name of its own."""
    assert sources("predict", "label", "predict_proba") == {
        "label": Source("predict"),
        "predict_proba": Source("predict_proba"),
    }


def test_two_names_that_mean_nothing_are_refused():
    """Nobody can tell which is which."""
    with pytest.raises(LoadError, match="label, scores; expected names among predict, predict_pr"):
        sources("infer", "label", "scores")


def test_a_method_that_the_model_lacks_is_refused():
    """The nearest one that it has is told."""
    with pytest.raises(LoadError, match='predict_log_proba.*did you mean "predict_proba"'):
        sources("predict_log_proba", "y")


def test_neighbours_are_no_single_output():
    """Distances and indices would make one array, of no use to anybody."""
    with pytest.raises(LoadError, match="wants kneighbors as one output") as caught:
        sources("kneighbors", "y")
    assert caught.value.fix == "name the outputs distances and indices"


class Counting(FunctionTransformer):
    """Counts how often it transforms."""

    calls = 0

    def transform(self, rows):
        """Return the rows."""
        Counting.calls += 1
        return np.asarray(rows)


def test_a_pipeline_is_run_once_for_several_methods():
    """The steps before the last one are shared, and the answers are the pipeline's own."""
    with quietly():
        model = Pipeline([("count", Counting(validate=False)), ("inner", linear())]).fit(X, Y)
    Counting.calls = 0
    found = calling.call(model, ["predict", "predict_proba", "decision_function"], X)
    assert Counting.calls == 1
    for method, result in found.items():
        assert np.array_equal(result, getattr(model, method)(X))


def test_a_derived_pipeline_is_called_as_it_is():
    """A class of somebody else's may do more between its steps."""

    class Own(Pipeline):
        def predict_proba(self, rows):
            return "own"

    model = Own(linear().steps)
    assert calling.call(model, ["predict", "predict_proba"], X)["predict_proba"] == "own"


def test_a_forest_votes_once():
    """Its label is the most probable class by definition, so the trees are asked once."""
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    forest.fit(X, np.array(["b", "a"])[Y])
    found = calling.call(forest, ["predict", "predict_proba"], X)
    assert np.array_equal(found["predict"], forest.predict(X))
    forest.predict = None
    calling.call(forest, ["predict", "predict_proba"], X)


def test_sparse_results_become_dense():
    """Vectorisers and encoders return sparse matrices."""
    result = sparse.csr_matrix(np.eye(3))
    assert np.array_equal(array_of({"transform": result}, Source("transform")), np.eye(3))


def test_targets_of_as_many_classes_can_be_one_array():
    """predict_proba of several targets: [rows, targets, classes], or one output each."""
    first, second = np.zeros((4, 2)), np.ones((4, 2))
    results = {"predict_proba": [first, second]}
    assert array_of(results, Source("predict_proba")).shape == (4, 2, 2)
    assert array_of(results, Source("predict_proba", 1)) is second


def test_targets_of_different_classes_need_an_output_each():
    """They make no array."""
    results = {"predict_proba": [np.zeros((4, 2)), np.zeros((4, 3))]}
    with pytest.raises(BrokenResult, match="predict_proba_0, predict_proba_1"):
        array_of(results, Source("predict_proba"))
    with pytest.raises(BrokenResult, match="has no part 2"):
        array_of(results, Source("predict_proba", 2))


def test_a_contract_that_joins_them_stops_the_start(serve):
    """It would fail at each call, so it is told at the first look."""
    targets = np.stack([Y, np.arange(len(Y)) % 3], axis=1)
    model = RandomForestClassifier(n_estimators=3).fit(X, targets)
    with pytest.raises(LoadError, match='"predict_proba": .* predict_proba_0, predict_proba_1'):
        serve(model, read_yaml("""
            name: predict_proba
            inputs: {x: {shape: [-1, 6], type: double}}
            outputs: {y: {type: double}}
        """))  # fmt: skip


def test_one_call_gives_label_and_probabilities(serve):
    """A signature of the user's own name, with outputs named after methods."""
    model = linear()
    _, served = serve(model, read_yaml("""
        name: classify
        inputs: {x: {shape: [-1, 6], type: double}}
        outputs:
          predict: {shape: [-1], type: string}
          predict_proba: {shape: [-1, 2], type: double}
    """))  # fmt: skip
    answer = served.predict("classify", {"x": X})
    assert list(answer["predict"]) == list(model.predict(X))
    assert np.array_equal(answer["predict_proba"], model.predict_proba(X))


def test_neighbours_are_told(serve):
    """One call returns distances and indices."""
    model = KNeighborsClassifier(3).fit(X, Y)
    _, served = serve(model)
    answer = served.predict("kneighbors", {"x": X[:4]})
    distances, indices = model.kneighbors(X[:4])
    assert np.array_equal(answer["distances"], distances)
    assert np.array_equal(answer["indices"], indices)


def test_pictures_are_rows(serve):
    """More axes than two are flattened, if they have as many elements as the model has features."""
    model = linear()
    _, served = serve(model, read_yaml("""
        name: predict_proba
        inputs: {images: {shape: [-1, 2, 3], type: double}}
        outputs: {y: {shape: [-1, 2], type: double}}
    """))  # fmt: skip
    answer = served.predict("predict_proba", {"images": X.reshape(-1, 2, 3)})
    assert np.array_equal(answer["y"], model.predict_proba(X))


def test_columns_without_names_make_a_matrix(serve):
    """A model that was fitted on an array takes its columns in the contract's order."""
    model = linear()
    text = "name: predict_proba\noutputs: {y: {shape: [-1, 2], type: double}}\ninputs:\n"
    text += "".join(f"  c{index}: {{shape: [-1], type: double}}\n" for index in range(6))
    _, served = serve(model, read_yaml(text))
    answer = served.predict("predict_proba", {f"c{index}": X[:, index] for index in range(6)})
    assert np.array_equal(answer["y"], model.predict_proba(X))


def test_an_input_that_is_no_column_is_refused(serve):
    """Beside other inputs each is a column."""
    with pytest.raises(LoadError, match=r'input "b": float64\[-1, 2\] is no column'):
        serve(linear(), read_yaml("""
            name: predict
            inputs: {a: {shape: [-1], type: double}, b: {shape: [-1, 2], type: double}}
            outputs: {y: {shape: [-1], type: string}}
        """))  # fmt: skip


def test_values_that_scikit_learn_refuses_are_the_caller_s_fault(serve):
    """NaN in, INVALID_ARGUMENT out."""
    _, served = serve(linear())
    with pytest.raises(InvalidInput, match="NaN"):
        served.predict("predict", {"x": np.full((1, 6), np.nan)})


def test_what_a_model_raises_itself_is_its_own_fault(serve):
    """A ValueError of a user's estimator is no InvalidInput."""
    _, served = serve(FunctionTransformer(_raise, validate=False))
    with pytest.raises(ValueError, match="mine"):
        served.predict("transform", {"x": X})


def _raise(rows):
    raise ValueError("mine")


def test_no_rows_are_answered_with_none(serve):
    """scikit-learn refuses an empty table; stacked with others it would not notice."""
    _, served = serve(linear())
    answer = served.predict("predict_proba", {"x": np.zeros((0, 6))})
    assert answer["predict_proba"].shape == (0, 2)
    assert answer["predict_proba"].dtype == np.float64
