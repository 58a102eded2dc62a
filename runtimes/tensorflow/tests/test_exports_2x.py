"""What TensorFlow 2.x exports is served with the same answers as there."""

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import NUMPY_DTYPES, Contract
from tensorflow_runtime import loader
from tensorflow_runtime.framework import VERSION, tf, without_deprecations

pytestmark = pytest.mark.skipif(VERSION < (2, 0), reason="TensorFlow 1.x has no tf.Module")


def _directly(folder, x):
    """Return what TensorFlow 2.x answers in its own way."""
    with without_deprecations():
        loaded = tf.saved_model.load(str(folder))
        return loaded.signatures["serving_default"](x=tf.constant(x))


def _module():
    """Return a module with a variable, a table with a file, and two signatures."""

    class Words(tf.Module):
        def __init__(self, path):
            super().__init__()
            self.scale = tf.Variable(3.0)
            source = tf.lookup.TextFileInitializer(
                path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
            )  # fmt: skip
            self.table = tf.lookup.StaticHashTable(source, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
        def number(self, words):
            return {"number": self.table.lookup(words)}

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def scaled(self, x):
            total = tf.constant(0.0)
            for row in tf.range(tf.shape(x)[0]):
                total += tf.reduce_sum(x[row])
            return {"y": x * self.scale, "total": tf.fill([tf.shape(x)[0]], total)}

    return Words


@pytest.fixture
def words(tmp_path, files):
    """Export the module; the file of its table is gone, but for the copy inside."""
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc\n")
    module = _module()(str(path))
    signatures = {"number": module.number, "serving_default": module.scaled}
    with without_deprecations():
        tf.saved_model.save(module, str(files), signatures=signatures)
    path.unlink()
    return files


def test_variables_tables_and_control_flow(words, load):
    """Assets are found in the export, variables restored, loops run."""
    model = load()
    assert loader.infer_contract(words).names == ("number", "serving_default")
    asked = np.array([b"c", b"zebra", b"a"], object)
    assert model.predict("number", {"words": asked})["number"].tolist() == [2, -1, 0]
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    answer = model.predict("serving_default", {"x": x})
    expected = _directly(words, x)
    assert set(answer) == set(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(answer[name], tensor.numpy())


def test_a_version_1_export_answers_as_with_the_other_api(doubling, load):
    """The session and ``tf.saved_model.load`` give the same."""
    folder = doubling()
    x = np.random.RandomState(5).randn(4, 2).astype(np.float32)
    other = _directly(folder, x)
    np.testing.assert_array_equal(load().predict("serving_default", {"x": x})["y"], other["y"])


def test_a_keras_export_is_served(files, load):
    """What ``model.export`` writes, with an embedding, whose indices may be wrong."""
    if not hasattr(tf.keras.Model, "export"):
        pytest.skip("Keras before 2.13 has no model.export")
    tokens = tf.keras.Input((3,), dtype="int32", name="tokens")
    vectors = tf.keras.layers.Embedding(5, 2)(tokens)
    model = tf.keras.Model(tokens, tf.keras.layers.Flatten()(vectors))
    with without_deprecations():
        model.export(str(files))
    signatures = {it.name: it for it in loader.infer_contract(files).signatures}
    (output,) = signatures["serving_default"].outputs
    served = load()
    sent = np.array([[1, 4, 0], [2, 2, 3]], np.int32)
    answer = served.predict("serving_default", {"tokens": sent})[output.name]
    np.testing.assert_array_equal(answer, model(sent).numpy())
    with pytest.raises(InvalidInput, match=r"^indices\[0,1\] = 9 is not in \[0, 5\)$"):
        served.predict("serving_default", {"tokens": np.array([[1, 9, 0]], np.int32)})


def test_a_network_of_keras_in_a_module(files, load):
    """Its variables are found through the module's objects, and nowhere in the graph."""

    class Served(tf.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def score(self, x):
            return {"y": self.network(x)}

    network = tf.keras.Sequential([tf.keras.layers.Dense(4), tf.keras.layers.Dense(2)])
    x = np.random.RandomState(0).randn(5, 3).astype(np.float32)
    with without_deprecations():
        expected = network(x).numpy()
        module = Served(network)
        tf.saved_model.save(module, str(files), signatures={"score": module.score})
    np.testing.assert_array_equal(load().predict("score", {"x": x})["y"], expected)


DTYPES = {
    "bool": [True, False],
    "int8": [-128, 127],
    "uint64": [0, 2**64 - 1],
    "float16": [1.5, float("-inf")],
    "bfloat16": [1.5, float("-inf")],
    "complex64": [1 + 2j, 3],
    "qint8": [-128, 127],
    "quint16": [0, 2**16 - 1],
    "qint32": [-(2**31), 2**31 - 1],
    "string": [b"a\0\0", b"\xff"],
}


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_a_functions_dtypes(files, load, dtype):
    """What goes through a function comes out as it was, in the form that the contract names."""
    spec = tf.TensorSpec([None], getattr(tf, dtype), name="x")
    module = tf.Module()
    module.same = tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[spec])
    with without_deprecations():
        tf.saved_model.save(module, str(files), signatures={"same": module.same})
    sent = np.array(DTYPES[dtype], NUMPY_DTYPES[dtype])
    received = load().predict("same", {"x": sent})["y"]
    assert received.dtype == sent.dtype
    assert received.tolist() == sent.tolist()


def test_an_input_that_the_contract_leaves_out(words, load):
    """A function does not run without it, so the service does not start."""
    (signature,) = (it for it in loader.infer_contract(words).signatures if it.name == "number")
    with pytest.raises(LoadError, match='signature "number" cannot run without words'):
        load(contract=Contract("", (signature._replace(inputs=()),)))
