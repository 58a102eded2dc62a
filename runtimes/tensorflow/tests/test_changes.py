"""Graphs of 1.x whose calls change something are told from those that only could."""

import re

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import Contract
from tensorflow_runtime import changes, loader
from tensorflow_runtime.framework import tf, v1

# isort: split
from tensorflow.python.framework import op_def_registry


def _variable(use_resource=False):
    return v1.get_variable(
        "n", [], tf.float32, initializer=v1.zeros_initializer(), use_resource=use_resource
    )


def _sum(x, number):
    return {"s": ({"x": x}, {"y": tf.reduce_sum(x) * 0.0 + number})}


def _assigned(x):
    return _sum(x, v1.assign_add(_variable(), 1.0))


def _resource(x):
    return _sum(x, v1.assign_add(_variable(True), 1.0))


def _control(x):
    number = _variable()
    with tf.control_dependencies([v1.assign(number, number + 1.0)]):
        return _sum(x, tf.constant(1.0))


def _condition(x):
    number = _variable(True)
    step = tf.cond(
        tf.reduce_sum(x) > 0.0, lambda: v1.assign_add(number, 1.0) + 0.0, lambda: number + 0.0
    )
    return _sum(x, step)


def _scattered(x):
    rows = v1.get_variable("n", [2], tf.float32, initializer=v1.zeros_initializer())
    return _sum(x, tf.reduce_sum(v1.scatter_add(rows, [0], [1.0])))


@pytest.fixture
def built(export, load):
    """Export and load what is built from one input."""

    def load_built(build):
        export(lambda: build(v1.placeholder(tf.float32, [None], name="x")))
        return load()

    return load_built


@pytest.mark.parametrize("build", [_assigned, _resource, _control, _condition, _scattered])
def test_a_variable_that_calls_change_is_named(built, build):
    """Wherever the change stands; a reset brings the first answers again."""
    model = built(build)
    assert model.changes == 'the variable "n"'
    assert not model.stateful
    answers = []
    for _ in range(2):
        x = np.ones(3, np.float32)
        answers.append([float(model.predict("s", {"x": x})["y"]) for _ in range(3)])
        model.reset()
    assert answers[0] == answers[1]


def test_only_what_is_served_counts(export, load, files):
    """A signature that is left out of the contract changes nothing."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        number = _variable()
        return {
            "count": ({"x": x}, {"y": tf.reduce_sum(x) + v1.assign_add(number, 1.0)}),
            "read": ({"x": x}, {"y": tf.reduce_sum(x) + number}),
        }

    export(build)
    assert load().changes
    _, read = loader.infer_contract(files).signatures
    assert not load(contract=Contract("", (read,))).changes


@pytest.mark.timeout(400)  # contrib takes seconds to import, and minutes on a busy machine
def test_a_table_that_calls_fill_has_no_way_back(built):
    """It is named, and a reset is refused."""

    def build(x):
        contrib = pytest.importorskip("tensorflow.contrib.lookup")
        table = contrib.MutableHashTable(tf.string, tf.float32, 0.0)
        words = tf.fill(tf.shape(x), "w")
        with tf.control_dependencies([table.insert(words, x)]):
            return _sum(x, tf.reduce_sum(table.lookup(words)))

    model = built(build)
    assert "of the graph" in model.changes
    with pytest.raises(InvalidInput, match="cannot be reset"):
        model.reset()


def _training(x):
    w = v1.get_variable("w", [], tf.float32, initializer=v1.ones_initializer())
    loss = tf.reduce_sum(x * w)
    v1.train.AdamOptimizer().minimize(loss)
    return {"s": ({"x": x}, {"y": x * w})}


def _loops(x):
    array = tf.TensorArray(tf.float32, 3)
    _, array = tf.while_loop(
        lambda n, it: n < 3, lambda n, it: (n + 1, it.write(n, tf.reduce_sum(x))), [0, array]
    )
    return {"s": ({"x": x}, {"y": tf.reshape(array.stack(), [-1])})}


def _random(x):
    return {"s": ({"x": x}, {"y": v1.random_uniform(tf.shape(x)) + tf.nn.relu(x)})}


def _printed(x):
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x >= 0.0), [x])]):
        return {"s": ({"x": x}, {"y": v1.Print(x, [], "seen")})}


@pytest.mark.parametrize("build", [_training, _loops, _random, _printed])
def test_ordinary_graphs_change_nothing(built, build):
    """What initialises, trains and saves is in the graph, and no call runs it."""
    model = built(build)
    assert not model.changes
    model.predict("s", {"x": np.ones(3, np.float32)})


def test_a_fixed_sequence_of_random_numbers_is_not_warmed_up(built):
    """Its first number is the first caller's."""

    def seeded(x):
        return {"s": ({"x": x}, {"y": x + v1.random_uniform([], seed=3)})}

    assert not built(seeded).warm_up


def test_random_numbers_without_a_seed_are_warmed_up(built):
    """They are others after each start."""
    assert built(_random).warm_up


# Of what takes a reference: reads, what is the call's own, what comes before or after all calls.
HARMLESS = re.compile(
    r"Ref|TensorArray|Stack|DebugGradient|DestroyTemporary|IsVariableInitialized|SdcaShrinkL1"
    r"|InitializeTable|LookupTable(Export|Find|Size)|Queue(Close|IsClosed|Size)"
    r"|Barrier(Close|IncompleteSize|ReadySize)|Accumulator(Num|SetGlobalStep)"
    r"|Reader(Num|Reset|RestoreState|SerializeState)"
)


def _operations():
    if hasattr(op_def_registry, "get_registered_ops"):
        return list(op_def_registry.get_registered_ops().values())
    found = [op_def_registry.get(name) for name in vars(tf.raw_ops)]
    return [operation for operation in found if operation is not None]


def test_every_operation_that_takes_a_reference_is_known():
    """One that takes a variable of 1.x by reference writes to it, but for some."""
    taken = {it.name for it in _operations() if any(given.is_ref for given in it.input_arg)}
    assert len(taken) > 50
    assert [name for name in sorted(taken)
            if changes.writes(name) == bool(HARMLESS.match(name))] == []  # fmt: skip


def test_only_operations_with_effects_are_taken_for_writing():
    """TensorFlow itself says of each that it is more than a function of its inputs."""
    effects = {it.name for it in _operations()
               if it.is_stateful or any(given.is_ref for given in it.input_arg)}  # fmt: skip
    assert not {it.name for it in _operations() if changes.writes(it.name)} - effects


def _unfed(signatures):
    """Build a graph with a placeholder that no signature has."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        keep = v1.placeholder(tf.float32, [], name="keep")
        both = {"good": x * 2.0, "bad": x * keep}
        return {name: ({"x": x}, {it: both[it] for it in outputs})
                for name, outputs in signatures.items()}  # fmt: skip

    return build


def test_a_signature_that_needs_more_than_its_inputs_is_left_out(export, caplog):
    """The others are served, and the log says which is not and why."""
    folder = export(_unfed({"first": ["good"], "second": ["bad"]}))
    assert loader.infer_contract(folder).names == ("first",)
    assert 'signature "second" is not served: output "bad" needs keep' in caplog.text


def test_an_output_that_needs_more_than_the_inputs_is_left_out(export, load, caplog):
    """The other outputs of the signature are served."""
    folder = export(_unfed({"only": ["good", "bad"]}))
    (signature,) = loader.infer_contract(folder).signatures
    assert [field.name for field in signature.outputs] == ["good"]
    assert 'output "bad" needs keep' in caplog.text
    assert load().predict("only", {"x": np.ones(1, np.float32)})["good"] == [2]


def test_a_model_that_can_never_answer_is_refused(export, load):
    """It does not start only to fail in every call."""
    export(_unfed({"only": ["bad"]}))
    with pytest.raises(LoadError, match='"only": output "bad" needs keep, which is none of its'):
        load()


def test_variables_without_values_are_named(export, load):
    """Every call would fail, so the model does not start."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        held = v1.get_variable("held", [], initializer=v1.ones_initializer())
        lost = v1.get_variable(
            "lost", [], initializer=v1.ones_initializer(), trainable=False,
            collections=[v1.GraphKeys.LOCAL_VARIABLES],
        )  # fmt: skip
        return {"fine": ({"x": x}, {"y": x * held}), "s": ({"x": x}, {"y": x * lost})}

    folder = export(build)
    with pytest.raises(LoadError, match='signature "s" reads variables that have no .*: lost'):
        load()
    fine, _ = loader.infer_contract(folder).signatures
    assert load(contract=Contract("", (fine,))).predict("fine", {"x": np.ones(1, "f4")})["y"] == [1]


def test_an_input_that_the_contract_leaves_out_is_named(export, load, files):
    """Where the graph needs it, no call could succeed."""

    def build():
        x, y = (v1.placeholder(tf.float32, [None], name=name) for name in "xy")
        return {"s": ({"a": x, "b": y}, {"sum": x + y})}

    export(build)
    (signature,) = loader.infer_contract(files).signatures
    ours = signature._replace(inputs=signature.inputs[:1])
    with pytest.raises(LoadError, match="cannot run without b, which the contract leaves out"):
        load(contract=Contract("", (ours,)))


def test_placeholders_that_no_call_asks_are_no_inputs(export, load):
    """One with a default, one of whose shape is asked only, one inside of a condition."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        rate = v1.placeholder_with_default(tf.constant(2.0), [], name="rate")
        shaped = v1.placeholder(tf.float32, [4], name="shaped")
        never = tf.cond(
            tf.reduce_sum(x) > 1e9, lambda: v1.placeholder(tf.float32, []), lambda: tf.constant(0.0)
        )
        size = tf.cast(tf.shape(shaped)[0], tf.float32)
        return {"s": ({"x": x}, {"y": x * rate + size + never})}

    export(build)
    assert load().predict("s", {"x": np.ones(1, np.float32)})["y"] == [6]
