"""Stateful models keep Hydrosphere's two collections between calls, as TensorFlow itself would."""

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, LoadError
from tensorflow_runtime import loader
from tensorflow_runtime.framework import tf, v1, without_deprecations

ZEROS, HOLDERS = "h_zero_states", "h_state_placeholders"


def _recurrence(x, state):
    """Return an output and the next state, both of which depend on everything so far."""
    weights = tf.constant([[0.6, -0.8], [0.8, 0.6]])
    following = tf.tanh(tf.matmul(state, weights) + x, name="following")
    return following * 3.0, following


def _computed():
    """Build what Hydrosphere's exporter makes: the zero state is fed, the new state fetched."""
    x = v1.placeholder(tf.float32, [1, 2], name="x")
    zero = tf.zeros([1, 2], name="zero") + 0.25
    y, following = _recurrence(x, zero)
    v1.add_to_collection(ZEROS, zero)
    v1.add_to_collection(HOLDERS, following)
    return {"infer": ({"x": x}, {"y": y}), "peek": ({"x": x}, {"size": tf.size(x)})}


def _held(output="state", signature_inputs=()):
    """Build a model whose state has a placeholder, and whose next state is an output."""

    def build():
        x = v1.placeholder(tf.float32, [1, 2], name="x")
        state = v1.placeholder(tf.float32, [1, 2], name="cell/state")
        y, following = _recurrence(x, state)
        v1.add_to_collection(ZEROS, tf.fill([1, 2], 0.25))
        v1.add_to_collection(HOLDERS, state)
        inputs = {"x": x, "h": state}
        taken = {name: inputs[name] for name in ("x", *signature_inputs)}
        return {"infer": (taken, {"y": y, output: following})}

    return build


def _run_directly(folder, xs, feed, fetch):
    """Return the outputs of a model whose state this loop carries itself."""
    outputs = []
    with without_deprecations(), v1.Session(graph=tf.Graph()) as session:
        graph = v1.saved_model.loader.load(session, ["serve"], str(folder))
        y = graph.signature_def["infer"].outputs["y"].name
        (zero,) = v1.get_collection(ZEROS)
        state = session.run(zero)
        for x in xs:
            value, state = session.run([y, fetch], {"x:0": x, feed or zero.name: state})
            outputs.append(value)
    return outputs


@pytest.fixture
def xs():
    """A hundred inputs."""
    return list(np.random.RandomState(11).randn(100, 1, 2).astype(np.float32))


@pytest.mark.parametrize(
    ("build", "feed"),
    [
        (_computed, ""),
        (_held(), "cell/state:0"),
        (_held("cell/state"), "cell/state:0"),
        (_held("cell/state:0"), "cell/state:0"),
        (_held("state", ("h",)), "cell/state:0"),
    ],
    ids=["computed", "last part", "operation", "tensor", "also an input"],
)
def test_a_hundred_calls_equal_tensorflow(export, load, xs, build, feed):
    """Both conventions, with the names that an output may have, give TensorFlow's own numbers."""
    folder = export(build)
    expected = _run_directly(folder, xs, feed, "following:0")
    model = load()
    assert model.stateful
    answers = [model.predict("infer", {"x": x})["y"] for x in xs]
    np.testing.assert_array_equal(answers, expected)
    model.reset()
    np.testing.assert_array_equal(model.predict("infer", {"x": xs[0]})["y"], expected[0])


def test_the_state_is_no_input_of_the_contract(export):
    """What the runtime feeds itself is nothing that a client sends."""
    (signature,) = loader.infer_contract(export(_held("state", ("h",)))).signatures
    assert [field.name for field in signature.inputs] == ["x"]
    assert [field.name for field in signature.outputs] == ["state", "y"]


def test_signatures_share_one_state(export, load, xs):
    """A call of another signature is a call: the state moves on."""
    folder = export(_computed)
    expected = _run_directly(folder, xs[:2], "", "following:0")
    model = load()
    assert model.predict("peek", {"x": xs[0]})["size"] == 2
    np.testing.assert_array_equal(model.predict("infer", {"x": xs[1]})["y"], expected[1])


def test_a_failed_call_leaves_the_state(export, load, xs):
    """A request that the graph refuses is as if it had never come."""
    folder = export(_computed)
    expected = _run_directly(folder, xs[:2], "", "following:0")
    model = load()
    model.predict("infer", {"x": xs[0]})
    with pytest.raises(InvalidInput):
        model.predict("infer", {"x": np.zeros((3, 5), np.float32)})
    np.testing.assert_array_equal(model.predict("infer", {"x": xs[1]})["y"], expected[1])


def test_the_state_is_a_copy_of_what_was_sent(export, load):
    """TensorFlow may answer with the memory of the request, which is another's soon."""

    def build():
        x = v1.placeholder(tf.float32, [4096], name="x")
        zero = tf.zeros([4096])
        v1.add_to_collection(ZEROS, zero)
        v1.add_to_collection(HOLDERS, tf.identity(x))
        return {"last": ({"x": x}, {"before": tf.identity(zero)})}

    export(build)
    model = load()
    sent = np.ones(4096, np.float32)
    model.predict("last", {"x": sent})
    sent[:] = 7
    assert model.predict("last", {"x": sent})["before"].max() == 1


def _collections(zeros, holders):
    """Build a model with these collections, by names of tensors."""

    def build():
        x = v1.placeholder(tf.float32, [2], name="x")
        wide = v1.placeholder(tf.float32, [None], name="wide")
        tf.zeros_like(wide, name="dependent")
        tf.zeros([2], name="zero")
        return {"infer": ({"x": x}, {"y": x + 1.0})}

    def change(saved_model):
        collections = saved_model.meta_graphs[0].collection_def
        collections[ZEROS].node_list.value.extend(zeros)
        collections[HOLDERS].node_list.value.extend(holders)

    return {"build": build, "change": change}


@pytest.mark.parametrize(
    ("zeros", "holders", "told"),
    [
        (["zero:0"], [], "h_zero_states has 1 tensors and h_state_placeholders 0"),
        (["zero:0"], ["gone:0"], 'h_state_placeholders names "gone:0", which is not in the graph'),
        (["no"], ["x:0"], 'h_zero_states names "no", which is not in the graph'),
        (["zero:7"], ["add:0"], "'zero:7' refers to a Tensor which does not exist"),
        (["dependent:0"], ["add:0"], "the zero states dependent:0 cannot be evaluated"),
        (["zero:0"], ["wide:0"], 'signature "infer" does not compute the next state of "wide"'),
    ],
)
def test_a_wrong_state_is_refused(export, load, zeros, holders, told):
    """Whatever cannot be fed and fetched stops the start, and the message says what."""
    export(**_collections(zeros, holders))
    with pytest.raises(LoadError, match=told):
        load()


def test_both_conventions_are_explained(export, load):
    """Who exported a placeholder without its next value learns of both ways."""
    export(**_collections(["zero:0"], ["wide:0"]))
    with pytest.raises(LoadError) as caught:
        load()
    assert "expected an output of that name, found y" in caught.value.problem
    assert "as 'wide', or put the tensor that holds it into the collection" in caught.value.fix


def test_a_collection_of_something_else_is_refused(export, load):
    """Numbers in the collection are not taken for tensors."""

    def change(saved_model):
        collections = saved_model.meta_graphs[0].collection_def
        collections[ZEROS].int64_list.value.append(0)

    export(_collections([], [])["build"], change=change)
    with pytest.raises(LoadError, match="h_zero_states holds a int64_list, expected tensors"):
        load()
