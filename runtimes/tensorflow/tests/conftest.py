import contextlib
import logging
import shutil

import numpy as np
import pytest

from tensorflow_runtime import loader
from tensorflow_runtime.framework import tf, v1, without_deprecations

# isort: split
# It imports TensorFlow, which is there by now, without the warnings of its import.
from runtimes.tensorflow.tests.direct import Direct


@pytest.fixture(autouse=True)
def _few_messages():
    """The deprecations of what these tests build graphs with are not theirs to mend."""
    level = logging.getLogger("tensorflow").level
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    yield
    logging.getLogger("tensorflow").setLevel(level)


@pytest.fixture
def files(tmp_path):
    """Where the folder ``files`` of a model will be."""
    return tmp_path / "files"


@pytest.fixture
def export(files):
    """Export a graph as TensorFlow 1.x does.

    What is given builds the graph and returns its signatures: names with inputs and outputs, and
    with the method where it is not that of Predict.
    """

    def export_graph(build, folder=None, tags=("serve",), change=None, as_text=False):
        folder = folder or files
        with without_deprecations(), tf.Graph().as_default(), v1.Session() as session:
            signatures = {name: _definition(*parts) for name, parts in build().items()}
            session.run(v1.global_variables_initializer())
            builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
            builder.add_meta_graph_and_variables(session, list(tags), signatures)
            if change is not None:
                change(builder._saved_model)
            builder.save(as_text=as_text)
        return folder

    return export_graph


@pytest.fixture
def direct():
    """Load a SavedModel in TensorFlow itself, without our code, until the end of the test."""
    with contextlib.ExitStack() as models:
        yield lambda files: models.enter_context(contextlib.closing(Direct(files)))


def _definition(inputs, outputs, method="tensorflow/serving/predict"):
    info = v1.saved_model.utils.build_tensor_info
    return v1.saved_model.signature_def_utils.build_signature_def(
        {name: info(tensor) for name, tensor in inputs.items()},
        {name: info(tensor) for name, tensor in outputs.items()},
        method,
    )


@pytest.fixture
def load(files):
    """Load the model in ``files``, and close it at the end of the test."""
    models = []

    def load_model(folder=None, contract=None, **options):
        models.append(loader.load(folder or files, contract, **options))
        return models[-1]

    yield load_model
    for model in models:
        model.close()


@pytest.fixture
def identity(export, load, files):
    """Export and load a model whose output is its input."""

    def identity_model(dtype, shape=None):
        shutil.rmtree(str(files), ignore_errors=True)

        def build():
            x = v1.placeholder(dtype, shape, name="x")
            return {"serving_default": ({"x": x}, {"y": tf.identity(x, name="y")})}

        export(build)
        return load()

    return identity_model


@pytest.fixture
def doubling(export):
    """Export a model with a variable: twice x, plus w, which is 1."""

    def export_doubling(folder=None, **options):
        def build():
            x = v1.placeholder(np.float32, [None, 2], name="x")
            w = v1.get_variable("w", [2], initializer=v1.ones_initializer())
            return {"serving_default": ({"x": x}, {"y": x * 2.0 + w})}

        return export(build, folder, **options)

    return export_doubling
