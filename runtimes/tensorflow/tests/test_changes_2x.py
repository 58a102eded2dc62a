"""Functions and Keras models of 2.x whose calls change something are told from the others."""

import shutil

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import Contract
from tensorflow_runtime import loader
from tensorflow_runtime.framework import VERSION, tf, without_deprecations

pytestmark = pytest.mark.skipif(VERSION < (2, 12), reason="an older TensorFlow")

ONE = np.ones(1, np.float32)


class Module(tf.Module if VERSION >= (2, 0) else object):
    """What the functions below use."""

    def __init__(self):
        super().__init__()
        self.n = tf.Variable(0.0, name="n")
        self.big = tf.Variable(tf.zeros([4]), name="big")
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, 0.0)
        self.random = tf.random.Generator.from_seed(1)


def _nested(module, x):
    step = tf.function(lambda variable: variable.assign_add(1.0))
    return x + step(module.n) + module.big[0]


def _looped(module, x):
    for _ in tf.range(2):
        module.n.assign_add(1.0)
    return x + module.n + module.big[0]


def _conditional(module, x):
    step = tf.cond(tf.reduce_sum(x) > 0, lambda: module.n.assign_add(1.0), lambda: module.n + 0)
    return x + step


def _scattered(module, x):
    module.big.scatter_nd_update([[0]], [x[0] + module.big[0]])
    return x + module.big[0]


CHANGES = {
    "directly": (lambda module, x: x + module.n.assign_add(1.0), "n"),
    "in a function": (_nested, "n"),
    "in a loop": (_looped, "n"),
    "in a condition": (_conditional, "n"),
    "in a part": (_scattered, "big"),
    "a random generator": (lambda module, x: x + module.random.normal([1]), "StateVar"),
}


def _inserted(module, x):
    words = tf.fill(tf.shape(x), "w")
    module.table.insert(words, x + module.table.lookup(words))
    return module.table.lookup(words)


STEADY = {
    "reading": lambda module, x: x + module.n + module.big[0],
    "looking up": lambda module, x: x + module.table.lookup(tf.fill(tf.shape(x), "w")),
    "random numbers": lambda module, x: x + tf.random.uniform([1]),
    "dropout": lambda module, x: tf.nn.dropout(x, 0.5),
    "loops": lambda module, x: tf.scan(lambda total, it: total + it, x),
    "printing": lambda module, x: (tf.print("seen"), x)[1],
    "a data set": lambda module, x: tf.data.Dataset.from_tensor_slices(x).reduce(
        0.0, lambda a, b: a + b
    ),
}  # fmt: skip


@pytest.fixture
def served(files, load):
    """Export functions of the module as signatures, and load them."""

    def export_and_load(**functions):
        module = Module()
        spec = tf.TensorSpec([None], tf.float32, name="x")

        def signature(function):
            return tf.function(lambda x: {"y": function(module, x)}, input_signature=[spec])

        signatures = {name: signature(it) for name, it in functions.items()}
        with without_deprecations():
            tf.saved_model.save(module, str(files), signatures=signatures)
        return load()

    return export_and_load


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_variable_that_calls_change_is_named(served, name):
    """Wherever the change stands, and only that variable; a reset brings the first answers."""
    function, variable = CHANGES[name]
    model = served(s=function)
    assert model.changes.startswith(f'the variable "{variable}')
    assert model.changes.count("the variable") == 1
    answers = []
    for _ in range(2):
        answers.append([float(model.predict("s", {"x": ONE})["y"][0]) for _ in range(3)])
        model.reset()
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == 3


def test_a_table_that_calls_fill_has_no_way_back(served):
    """It is told, and a reset is refused."""
    model = served(s=_inserted)
    assert model.changes
    assert [model.predict("s", {"x": ONE})["y"] for _ in range(2)] == [[1], [2]]
    with pytest.raises(InvalidInput, match="cannot be reset"):
        model.reset()


@pytest.mark.parametrize("name", sorted(STEADY))
def test_ordinary_functions_change_nothing(served, name):
    """They are stacked, and served by several workers."""
    assert not served(s=STEADY[name]).changes


def test_a_fixed_sequence_of_random_numbers_is_not_warmed_up(served, files):
    """Its first number is the first caller's; without a seed there is no such sequence."""
    assert not served(s=lambda module, x: x + tf.random.uniform([1], seed=3)).warm_up
    shutil.rmtree(str(files))
    assert served(s=STEADY["random numbers"]).warm_up


def test_only_what_is_served_counts(served, load, files):
    """A signature that trains may stay in the export, if the contract leaves it out."""
    function, _ = CHANGES["directly"]
    assert served(train=function, use=STEADY["reading"]).changes
    (use,) = (it for it in loader.infer_contract(files).signatures if it.name == "use")
    assert not load(contract=Contract("", (use,))).changes


def _stateful(keras):
    return keras.Sequential([
        keras.Input(batch_shape=(1, 1, 2), name="x"),
        keras.layers.LSTM(3, stateful=True, bias_initializer="ones"),
        keras.layers.Dense(1, name="y"),
    ])  # fmt: skip


def _counting(keras):
    @keras.utils.register_keras_serializable("tests")
    class Count(keras.layers.Layer):
        def build(self, shape):
            self.n = self.add_weight(shape=(), initializer="zeros", trainable=False, name="n")

        def call(self, x):
            self.n.assign(self.n + 1.0)
            return x + self.n

    return keras.Sequential([keras.Input((2,), name="x"), Count(name="y")])


def _ordinary(keras):
    return keras.Sequential([
        keras.Input((8, 2), name="x"),
        keras.layers.Conv1D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.GRU(3, return_sequences=True),
        keras.layers.Bidirectional(keras.layers.LSTM(3)),
        keras.layers.GaussianNoise(0.1),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, name="y"),
    ])  # fmt: skip


@pytest.fixture(params=[".keras", "SavedModel"])
def keras_model(request, files, load):
    """Save what is built, in either form, and load it."""

    def save_and_load(build):
        if build is _stateful and request.param == "SavedModel":
            pytest.skip("Keras exports models with a free first axis only")
        model = build(tf.keras)
        with without_deprecations():
            if request.param == ".keras":
                files.mkdir()
                model.save(str(files / "m.keras"))
            else:
                model.export(str(files))
        return model, load()

    return save_and_load


@pytest.mark.parametrize("build", [_stateful, _counting])
def test_a_keras_layer_with_a_state_is_told(keras_model, files, build):
    """Its first answers are the network's own, and again after a reset."""
    original, model = keras_model(build)
    assert model.changes
    (signature,) = (it for it in loader.infer_contract(files).signatures
                    if it.name == "serving_default")  # fmt: skip
    (output,) = signature.outputs
    shape = [max(size, 1) for size in signature.inputs[0].shape]
    x = {signature.inputs[0].name: np.ones(shape, np.float32)}
    expected = [original(x[signature.inputs[0].name]).numpy() for _ in range(3)]
    assert not np.allclose(expected[0], expected[1])
    for _ in range(2):
        answers = [model.predict("serving_default", x)[output.name] for _ in range(3)]
        np.testing.assert_allclose(answers, expected, rtol=1e-5)
        model.reset()


def test_ordinary_keras_models_change_nothing(keras_model):
    """Batch normalisation, recurrent layers and noise, which behave otherwise in training."""
    assert not keras_model(_ordinary)[1].changes
