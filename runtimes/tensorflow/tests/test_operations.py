"""Operations that are not there are listed, and those of contrib are fetched when needed."""

import subprocess
import sys

import numpy as np
import pytest

from serving_runtime.errors import LoadError
from tensorflow_runtime import operations
from tensorflow_runtime.framework import VERSION, tf, v1

CONTRIB = pytest.mark.skipif(VERSION >= (2, 0), reason="TensorFlow 2.x has no contrib")

EXPORT_LSTM = """
import sys
import numpy as np
from tensorflow_runtime.framework import tf, without_deprecations
with without_deprecations():
    from tensorflow.contrib.rnn import LSTMBlockCell
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        cell = LSTMBlockCell(2)
        y, _ = cell(x, cell.zero_state(tf.shape(x)[0], tf.float32))
        session.run(tf.global_variables_initializer())
        definition = tf.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
        builder = tf.saved_model.builder.SavedModelBuilder(sys.argv[1])
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": definition})
        builder.save()
        print(session.run(y, {x: np.ones((1, 3), np.float32)}).tobytes().hex())
"""

SERVE_LSTM = """
import sys, pathlib
import numpy as np
from tensorflow_runtime import loader
from tensorflow_runtime.framework import VERSION
model = loader.load(pathlib.Path(sys.argv[1]), None)
assert "tensorflow.contrib.rnn" in sys.modules or VERSION >= (1, 13)  # no longer contrib's
print(model.predict("serving_default", {"x": np.ones((1, 3), np.float32)})["y"].tobytes().hex())
"""

SERVE_PLAIN = """
import sys, pathlib
from tensorflow_runtime import loader
loader.load(pathlib.Path(sys.argv[1]), None)
assert not [name for name in sys.modules if name.startswith("tensorflow.contrib.")]
"""


def _python(code, folder):
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, check=True
    )
    return run.stdout.decode().strip()


@CONTRIB
def test_contribs_operations_are_imported_when_needed(files):
    """A graph with an LSTMBlockCell loads in a fresh process, and gives what its maker got."""
    expected = _python(EXPORT_LSTM, files)
    assert _python(SERVE_LSTM, files) == expected
    assert np.abs(np.frombuffer(bytes.fromhex(expected), np.float32)).min() > 0


@CONTRIB
def test_contrib_is_not_imported_for_others(doubling):
    """It takes seconds, so a graph without its operations does not pay for it."""
    _python(SERVE_PLAIN, doubling())


@pytest.mark.parametrize(
    ("version", "fix"),
    [
        (tf.__version__, "export it without them: operations that come from a package"),
        ("9.9.9", "serve it from the image of the version that exported it"),
    ],
)
def test_unknown_operations_are_listed(doubling, load, version, fix):
    """The message says which, by whom the model was exported, and what to do about it."""

    def spoil(saved_model):
        saved_model.meta_graphs[0].meta_info_def.tensorflow_version = version
        graph = saved_model.meta_graphs[0].graph_def
        graph.node.add(name="a", op="FrobnicateV9")
        function = graph.library.function.add()
        function.signature.name = "own"
        function.node_def.add(name="b", op="Twiddle")
        function.node_def.add(name="c", op="own")

    doubling(change=spoil)
    with pytest.raises(LoadError) as caught:
        load()
    assert caught.value.problem == (
        f"TensorFlow {tf.__version__} does not have the graph's operations FrobnicateV9, Twiddle; "
        f"the model was exported by {version}"
    )
    assert caught.value.fix.startswith(fix)


def test_what_this_tensorflow_builds_is_known(export):
    """No operation of an ordinary graph is taken for unknown, control flow and files included."""

    def build():
        x = v1.placeholder(tf.string, [None], name="x")
        looped = tf.while_loop(lambda n: n < 3, lambda n: n + 1, [tf.size(x)])
        image = tf.image.decode_jpeg(x[0])
        return {"s": ({"x": x}, {"y": tf.reshape(looped, []), "image": image})}

    def check(saved_model):
        operations.check(saved_model.meta_graphs[0])

    export(build, change=check)
