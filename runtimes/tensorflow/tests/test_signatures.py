"""What a graph says of itself becomes the contract, and what is called is what was asked for."""

import logging
from pathlib import Path

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import Contract, Field, Signature
from tensorflow_runtime import loader
from tensorflow_runtime.framework import tf, v1, without_deprecations

DATA = Path(__file__).resolve().parent.parent.parent.parent / "tests" / "data"
PREDICT = "tensorflow/serving/predict"


def _directly(folder, signature, inputs):
    """Return what TensorFlow itself answers, in its documented way."""
    with without_deprecations(), v1.Session(graph=tf.Graph()) as session:
        graph = v1.saved_model.loader.load(session, ["serve"], str(folder))
        definition = graph.signature_def[signature]
        feeds = {definition.inputs[name].name: value for name, value in inputs.items()}
        return session.run({k: info.name for k, info in definition.outputs.items()}, feeds)


def test_the_contract_says_everything_in_a_stable_order(export):
    """Names, dtypes, shapes, tensors and methods, sorted, since protobuf's maps have no order."""

    def build():
        tensors = {name: v1.placeholder(tf.float32, [None, 3], name=name) for name in "zyxab"}
        anything = v1.placeholder(tf.string, name="anything")
        scalar = tf.constant(7, tf.int64, name="scalar")
        return {
            "second": (tensors, {"n": scalar, "b": tensors["b"]}),
            "first": ({"s": anything}, {"s": anything}),
        }

    any_string = Field("s", "string", None, tensor="anything:0")
    rows = tuple(Field(name, "float32", (-1, 3), tensor=name + ":0") for name in "abxyz")
    scalar = Field("n", "int64", (), tensor="scalar:0")
    assert loader.infer_contract(export(build)) == Contract(
        "",
        (
            Signature("first", (any_string,), (any_string,), PREDICT),
            Signature("second", rows, (rows[1], scalar), PREDICT),
        ),
        0,
    )


def test_a_reference_type_is_its_values_type(export):
    """Graphs of 1.x have variables among the outputs, whose dtype has a number of its own."""

    def build():
        w = v1.get_variable("w", [2], initializer=v1.ones_initializer(), use_resource=False)
        x = v1.placeholder(tf.float32, [2])
        return {"serving_default": ({"x": x}, {"w": w})}

    def refer(saved_model):
        saved_model.meta_graphs[0].signature_def["serving_default"].outputs["w"].dtype = 101

    (signature,) = loader.infer_contract(export(build, change=refer)).signatures
    assert signature.outputs[0].dtype == "float32"


def test_what_no_request_can_carry_is_left_out_with_a_warning(export, caplog):
    """A sparse input, a dtype of the future or no output costs a signature, not the model."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        good = ({"x": x}, {"y": x + 1.0})
        names = ("good", "sparse", "future", "resource", "silent")
        return dict.fromkeys(names, good)

    def spoil(saved_model):
        signatures = saved_model.meta_graphs[0].signature_def
        signatures["sparse"].inputs["x"].coo_sparse.values_tensor_name = "x:0"
        signatures["future"].inputs["x"].dtype = 99
        signatures["resource"].inputs["x"].dtype = 20
        signatures["silent"].outputs.clear()
        signatures["__saved_model_init_op"].CopyFrom(signatures["sparse"])

    folder = export(build, change=spoil)
    with caplog.at_level(logging.WARNING):
        assert loader.infer_contract(folder).names == ("good",)
    warned = [record.getMessage() for record in caplog.records]
    assert warned == [
        'signature "future" is not served: input "x" has dtype number 99, which is not served',
        'signature "resource" is not served: input "x" has dtype number 20, which is not served',
        'signature "silent" is not served: it has no outputs',
        'signature "sparse" is not served: input "x" is not one dense tensor but coo_sparse',
    ]


def test_a_model_without_a_servable_signature_is_refused(export):
    """The message tells the reason of each signature."""

    def build():
        x = v1.placeholder(tf.float32, [None], name="x")
        return {"only": ({"x": x}, {"y": x + 1.0})}

    def spoil(saved_model):
        saved_model.meta_graphs[0].signature_def["only"].outputs["y"].dtype = 21

    with pytest.raises(LoadError, match='no signature that can be served: "only": output "y"'):
        loader.infer_contract(export(build, change=spoil))


@pytest.mark.parametrize("name", ["tf_summator", "test_model_reshaped"])
def test_models_of_others_answer_as_tensorflow_does(load, name):
    """Every signature of Hydrosphere's own test models gives exactly TensorFlow's answer."""
    folder = DATA / name / "files"
    model = load(folder)
    random = np.random.RandomState(7)
    for signature in loader.infer_contract(folder).signatures:
        for _ in range(20):
            inputs = {
                field.name: random.randint(-9, 9, [2 if n < 0 else n for n in field.shape or ()])
                for field in signature.inputs
            }
            inputs = {name: np.asarray(value, np.int8) for name, value in inputs.items()}
            expected = _directly(folder, signature.name, inputs)
            answer = model.predict(signature.name, inputs)
            assert set(answer) == set(expected)
            for output, value in expected.items():
                np.testing.assert_array_equal(answer[output], value)
                assert answer[output].dtype == value.dtype


def test_only_what_the_contract_names_is_computed(export, load):
    """An output that the contract leaves out is not run, so what only it needs may be missing."""

    def build():
        x, y = (v1.placeholder(tf.float32, [None], name=name) for name in "xy")
        return {"both": ({"x": x, "y": y}, {"double": x * 2.0, "sum": x + y})}

    field = Field("x", "float32", (-1,))
    contract = Contract("", (Signature("both", (field,), (Field("double", "float32", (-1,)),)),))
    export(build)
    answer = load(contract=contract).predict("both", {"x": np.array([1, 2], np.float32)})
    assert list(answer) == ["double"]
    np.testing.assert_array_equal(answer["double"], [2, 4])


def test_an_output_may_be_an_input_or_another_output(export, load):
    """Two names for one tensor, and a tensor that goes straight through, are answered."""

    def build():
        x = v1.placeholder(tf.string, [], name="x")
        unused = v1.placeholder(tf.float32, [], name="unused")
        y = tf.identity(x)
        return {
            "spread": ({"x": x, "unused": unused}, {"x": x, "y1": y, "y2": y}),
            "through": ({"x": x}, {"z": x}),
        }

    export(build)
    model = load()
    inputs = {"x": np.array(b"v\0", object), "unused": np.array(1, np.float32)}
    assert {k: v[()] for k, v in model.predict("spread", inputs).items()} == dict.fromkeys(
        ("x", "y1", "y2"), b"v\0"
    )
    del inputs["unused"]
    assert model.predict("through", inputs)["z"][()] == b"v\0"


def test_quantised_inputs_go_straight_through(export, load):
    """Even what never enters the graph comes back as common's own dtypes."""

    def build():
        q = v1.placeholder(tf.qint8, [2])
        return {"same": ({"q": q}, {"q": q})}

    export(build)
    sent = np.array([-1, 2], np.int8)
    answer = load().predict("same", {"q": sent.copy()})["q"]
    assert answer.dtype == np.int8
    np.testing.assert_array_equal(answer, sent)


def test_rows_may_be_stacked(doubling, load, files):
    """Free first axes mean that a stack of requests has the answers of each."""
    doubling()
    (signature,) = loader.infer_contract(files).signatures
    assert signature.is_stackable
    model = load()
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    stacked = model.predict(signature.name, {"x": rows})["y"]
    alone = [model.predict(signature.name, {"x": row[None]})["y"][0] for row in rows]
    np.testing.assert_array_equal(stacked, alone)
    np.testing.assert_array_equal(stacked, rows * 2 + 1)


def test_values_that_the_graph_refuses_are_the_requests_fault(export, load):
    """As in TensorFlow Serving; the message has the reason and no nodes."""

    def build():
        x, y = v1.placeholder(tf.float32, [None, None]), v1.placeholder(tf.float32, [None, None])
        index = v1.placeholder(tf.int32, [])
        return {
            "product": ({"x": x, "y": y}, {"z": tf.matmul(x, y)}),
            "row": ({"x": x, "index": index}, {"z": tf.gather(x, index)}),
        }

    export(build)
    model = load()
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(InvalidInput, match=r"^(Matrix size-incompat|In\[0\] mismatch).*\[2,3\]"):
        model.predict("product", {"x": x, "y": x})
    with pytest.raises(InvalidInput, match=r"^indices = 7 is not in \[0, 2\)$"):
        model.predict("row", {"x": x, "index": np.array(7, np.int32)})


def test_a_signature_whose_tensor_is_missing_is_refused(export, load):
    """A signature that was edited by hand is found out at start."""

    def build():
        x = v1.placeholder(tf.float32, [], name="x")
        return {"only": ({"x": x}, {"y": x + 1.0})}

    def rename(saved_model):
        saved_model.meta_graphs[0].signature_def["only"].outputs["y"].name = "gone:0"

    export(build, change=rename)
    with pytest.raises(LoadError, match="the graph cannot compute gone:0 from x:0: .*gone"):
        load()


def test_what_status_and_start_ask_of_a_model(doubling, load):
    """Strings are bytes, a stateless model is warmed up, and Hydrosphere's message is kept."""
    doubling()
    model = load()
    assert (model.string_type, model.warm_up, model.stateful) == (bytes, True, False)
    assert model.status_message == "Loaded and ready to go"


def test_a_closed_model_is_gone(doubling, load):
    """Closing lets go of the graph; a call after it is an error, not an answer."""
    doubling()
    model = load()
    model.close()
    with pytest.raises((RuntimeError, tf.errors.CancelledError), match="closed"):
        model.predict("serving_default", {"x": np.zeros((1, 2), np.float32)})
