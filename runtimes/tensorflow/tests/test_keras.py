"""Keras's own files are served where TensorFlow knows them, and refused elsewhere."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import Field
from tensorflow_runtime import keras_file, loader
from tensorflow_runtime.framework import VERSION, tf, without_deprecations

KNOWN = pytest.mark.skipif(VERSION < (2, 12), reason="this TensorFlow knows no .keras files")

COUNT_THREADS = """
import pathlib, sys
from tensorflow_runtime import keras_file, loader
import numpy as np, tensorflow as tf
model = loader.load(pathlib.Path(sys.argv[1]), None)
model.predict("serving_default", {"a": np.ones((1, 2), "f4"), "b": np.ones((1, 2), "f4")})
print(len(list(pathlib.Path("/proc/self/task").glob("*"))))
"""


@pytest.fixture
def save(files):
    """Save what is built as a .keras file."""
    files.mkdir()

    def save_model(build):
        with without_deprecations():
            model = build(tf.keras)
            model.save(str(files / "model.keras"))
        return model

    return save_model


def _two_of_each(keras):
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    total = keras.layers.Add(name="total")([a, b])
    difference = keras.layers.Subtract(name="difference")([a, b])
    return keras.Model([a, b], [total, difference])


def _by_name(keras):
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    return keras.Model({"b": b, "a": a}, {"z": keras.layers.Subtract(name="minus")([a, b])})


def _sequential(keras):
    return keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(3, name="scores")])


def _shared(keras):
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    layer = keras.layers.Dense(1, name="same")
    return keras.Model([a, b], [layer(a), layer(b)])


@KNOWN
@pytest.mark.parametrize(
    ("build", "inputs", "outputs"),
    [
        (_two_of_each, ["a", "b"], ["total", "difference"]),
        (_by_name, ["a", "b"], ["z"]),
        (_sequential, ["x"], ["scores"]),
        (_shared, ["a", "b"], ["same", "same_1"]),
    ],
)
def test_keras_models_answer_as_keras_does(save, load, files, build, inputs, outputs):
    """Functional and sequential, in lists and by names; the contract has Keras's names."""
    original = save(build)
    contract = loader.infer_contract(files)
    (signature,) = contract.signatures
    assert signature.name == "serving_default"
    assert [(field.name, field.dtype, field.shape) for field in signature.inputs] == [
        (name, "float32", (-1, 2)) for name in inputs
    ]
    assert [field.name for field in signature.outputs] == outputs
    random = np.random.RandomState(3)
    sent = {name: random.randn(4, 2).astype(np.float32) for name in inputs}
    flat = list(sent.values())
    expected = tf.nest.flatten(
        original(sent if build is _by_name else flat if flat[1:] else flat[0])
    )
    answer = load(contract=contract).predict("serving_default", sent)
    for name, tensor in zip(outputs, expected):
        np.testing.assert_allclose(answer[name], tensor.numpy(), rtol=1e-6)


@KNOWN
def test_a_keras_file_is_loaded_once(save, files, monkeypatch):
    """For its contract and for serving; after it is closed it can be loaded again."""
    save(_sequential)
    loads = []
    original = tf.keras.models.load_model
    monkeypatch.setattr(
        tf.keras.models, "load_model", lambda *args, **kw: loads.append(1) or original(*args, **kw)
    )
    for _ in range(2):
        loader.load(files, loader.infer_contract(files)).close()
    assert len(loads) == 2


@KNOWN
def test_a_keras_model_may_refuse_values(save, load):
    """As a SavedModel does."""

    def build(keras):
        tokens = keras.Input((2,), dtype="int32", name="tokens")
        return keras.Model(tokens, keras.layers.Embedding(5, 2)(tokens))

    save(build)
    with pytest.raises(InvalidInput, match=r"^indices\[0,1\] = 9 is not in \[0, 5\)$"):
        load().predict("serving_default", {"tokens": np.array([[1, 9]], np.int32)})


@KNOWN
def test_a_version_directory_may_hold_a_keras_file(save, files):
    """Its number is the contract's version."""
    save(_sequential)
    (files / "5").mkdir()
    (files / "model.keras").rename(files / "5" / "model.keras")
    assert loader.infer_contract(files).version == 5


@KNOWN
def test_tensorflow_reads_the_threads_of_keras_models_itself(save, files):
    """Its own variables bound the threads of one operation."""
    save(_two_of_each)
    counts = []
    for threads in ("2", "7"):
        environ = {**os.environ, "TF_NUM_INTRAOP_THREADS": threads}
        run = subprocess.run(
            [sys.executable, "-c", COUNT_THREADS, str(files)],
            stdout=subprocess.PIPE, env=environ, check=True,
        )  # fmt: skip
        counts.append(int(run.stdout))
    assert counts[1] - counts[0] == 5


def _archive(path, version):
    path.parent.mkdir()
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", "{}")


@KNOWN
@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_keras_file_is_named(files, content):
    """Something else with that ending, or cut short."""
    files.mkdir()
    (files / "m.keras").write_bytes(content)
    with pytest.raises(LoadError, match=r"m\.keras cannot be read as a \.keras file"):
        loader.infer_contract(files)


@KNOWN
def test_a_keras_file_of_another_version_is_told(files):
    """The message names the file, who saved it, and who cannot load it."""
    _archive(files / "m.keras", "9.9.9")
    with pytest.raises(LoadError, match=r"m\.keras, which Keras 9\.9\.9 saved: ") as caught:
        loader.infer_contract(files)
    assert "model.export(path)" in caught.value.fix


@KNOWN
def test_a_failure_of_the_same_keras_has_no_remedy(files):
    """Nothing but the traceback shows why it cannot be loaded, so the message points there."""
    _archive(files / "m.keras", keras_file.tf.keras.__version__)
    with pytest.raises(LoadError) as caught:
        loader.infer_contract(files)
    assert caught.value.fix == "the log has the traceback"


@KNOWN
def test_code_in_a_keras_file_is_not_run(save, load):
    """Keras's safe mode stays on: a lambda layer is refused."""

    def build(keras):
        return keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])

    save(build)
    with pytest.raises(LoadError, match="ambda") as caught:
        load()
    assert "not Keras's own: export it as a SavedModel" in caught.value.fix


@KNOWN
@pytest.mark.parametrize(
    ("text", "made_with", "fix"),
    [
        ("Requested the deserialization of a Lambda layer", "3", "it has layers or code that"),
        (
            "Could not locate class 'Mine'. Make sure custom classes",
            "3",
            "it has layers or code that",
        ),
        ("Unrecognized keyword arguments", "9.9.9", "serve it from an image with Keras 9.9.9"),
    ],
)
def test_the_fix_is_that_of_the_cause(text, made_with, fix):
    """The user's own code, or another Keras."""
    assert keras_file._fix(text, made_with).startswith(fix)


@KNOWN
def test_a_failure_of_the_same_keras_has_no_fix(files):
    """Nothing but the traceback shows why it cannot be loaded, so the message points there."""
    _archive(files / "m.keras", keras_file.tf.keras.__version__)
    with pytest.raises(LoadError) as caught:
        loader.infer_contract(files)
    assert caught.value.fix == "the log has the traceback"


@KNOWN
def test_an_answer_that_no_reply_can_carry_is_refused(save, load):
    """Ragged tensors, for instance, are no arrays."""

    def build(keras):
        words = keras.Input((), dtype="string", name="words")
        vectors = keras.layers.TextVectorization(vocabulary=["a", "b"], ragged=True)
        return keras.Model(words, vectors(words))

    save(build)
    with pytest.raises(LoadError, match="answers with RaggedTensor, which no reply can carry"):
        load()


@KNOWN
def test_a_model_that_does_not_say_what_it_takes_is_refused(save, load):
    """A sequential model that was never built has no inputs."""
    with pytest.warns(UserWarning, match="not yet been built"):
        save(lambda keras: keras.Sequential([keras.layers.Dense(2)]))
    with pytest.raises(LoadError, match="does not say what it takes"):
        load()


@pytest.mark.skipif(VERSION >= (2, 12), reason="this TensorFlow knows .keras files")
def test_an_older_tensorflow_names_what_it_knows(files):
    """Before 2.12 the ending meant something else, so the file is not even opened."""
    files.mkdir()
    (files / "m.keras").touch()
    with pytest.raises(LoadError, match="the newest that it knows is a SavedModel") as caught:
        loader.load(files, None)
    assert "TensorFlow 2.12 or newer" in caught.value.fix


@KNOWN
def test_a_dtype_that_no_request_can_carry_is_refused():
    """A field of such a type has no name in a contract."""
    tensor = tf.TensorSpec([], tf.resource, name="r")
    with pytest.raises(LoadError, match='"r" of the model is of dtype resource'):
        keras_file._field("r", tensor)
    assert keras_file._field("s", tf.TensorSpec(None, tf.string, name="s")) == Field(
        "s", "string", None, tensor="s"
    )
