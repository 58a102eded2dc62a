"""The graphs of the models beside it, in the API that TensorFlow 1.4 and 1.7 share.

Each function builds one in the default graph and returns its signatures, and what else is exported.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
DTYPES = (
    "bool int8 int16 int32 int64 uint8 uint16 float16 float32 float64 complex64 complex128 "
    "qint8 quint8 qint16 quint16 qint32 string"
)
WORDS = Path(__file__).resolve().parent / "words.txt"


def signature(inputs, outputs, method=PREDICT):
    """Describe a call of the graph by tensors of it, and by its purpose."""
    info = tf.saved_model.utils.build_tensor_info
    return tf.saved_model.signature_def_utils.build_signature_def(
        {name: info(tensor) for name, tensor in inputs.items()},
        {name: info(tensor) for name, tensor in outputs.items()},
        method,
    )


def of_free_length(tensor):
    """Return the tensor with a shape that the graph does not know."""
    return tf.placeholder_with_default(tensor, [None])


def identities(dtypes):
    """Return what comes in, one signature for each dtype, of any shape."""
    signatures = {}
    for dtype in dtypes.split():
        x = tf.placeholder(getattr(tf, dtype))
        signatures["identity_" + dtype] = signature({"x": x}, {"y": tf.identity(x)})
    return signatures, {}


def identity(session):
    """Use every dtype that TensorFlow 1.4 can be fed with."""
    return identities(DTYPES)


def later_dtypes(session):
    """Use the dtypes that 1.4 cannot."""
    return identities("uint32 uint64 bfloat16")


def octets(session):
    """Return strings of any bytes."""
    x = tf.placeholder(tf.string)
    return {"identity_string": signature({"x": x}, {"y": tf.identity(x)})}, {}


def summator(session):
    """Add and multiply two numbers."""
    a, b = tf.placeholder(tf.int8, [], "a"), tf.placeholder(tf.int8, [], "b")
    both = {"a": a, "b": b}
    return {
        "add": signature(both, {"sum": a + b}),
        "mul": signature(both, {"mul": a * b}),
    }, {}


def defaults(session):
    """Return signatures that differ in the sign, which shows the one that was called."""
    x = tf.placeholder(tf.int32, [None])
    return {
        "serving_default": signature({"x": x}, {"y": tf.identity(x)}),
        "other": signature({"x": x}, {"y": -x}),
    }, {}


def features(session):
    """Sum rows with a weight for each."""
    x = tf.placeholder(tf.float32, [None, 3], "x")
    weight = tf.placeholder(tf.float64, [None], "weight")
    y = tf.reduce_sum(tf.cast(x, tf.float64), axis=1) * weight
    width = tf.fill(tf.shape(weight), tf.constant(3, tf.int64))
    return {"infer": signature({"x": x, "weight": weight}, {"y": y, "rows": width})}, {}


def mirror(session):
    """Turn each row round; neither the rows nor their length is fixed."""
    x = tf.placeholder(tf.float32, [None, None])
    return {"mirror": signature({"x": x}, {"y": tf.reverse(x, [1])})}, {}


def rows(session):
    """Work row by row, and fail on some rows."""
    x = tf.placeholder(tf.int64, [None])
    count = tf.fill(tf.shape(x), tf.size(x, out_type=tf.int64))
    total = of_free_length(tf.reduce_sum(x, keep_dims=True))
    return {
        "double": signature({"x": x}, {"y": doubled(x)}),
        "count": signature({"x": x}, {"rows": count}),
        "total": signature({"x": x}, {"sum": total}),
    }, {}


def doubled(x):
    """Refuse negative rows, and break on 13."""
    refuse = tf.Assert(tf.reduce_all(x >= 0), ["rows must not be negative"])
    with tf.control_dependencies([refuse]):
        bad = tf.reduce_any(tf.equal(x, 13))
    return tf.cond(bad, lambda: x + taken_from_nowhere(), lambda: x * 2)


def taken_from_nowhere():
    """Fail with another error than InvalidArgumentError, which would be the input's fault."""
    return tf.string_to_number(tf.read_file("no-such-file"), tf.int64)


def lookup(session):
    """Refuse values: an index out of range, and a negative number."""
    index = tf.placeholder(tf.int32, [None])
    x = tf.placeholder(tf.float64, [None])
    table = tf.constant([0.5, 1.5, 2.5], tf.float64)
    check = tf.Assert(tf.reduce_all(x >= 0), ["x must not be negative"])
    with tf.control_dependencies([check]):
        root = tf.sqrt(x)
    return {
        "take": signature({"index": index}, {"y": tf.gather(table, index)}),
        "root": signature({"x": x}, {"y": root}),
    }, {}


def vocabulary(session):
    """Number words by an asset, a table that an operation must fill first."""
    word = tf.placeholder(tf.string, [None])
    table = tf.contrib.lookup.index_table_from_file(str(WORDS))
    fill = tf.tables_initializer()
    extras = {
        "assets_collection": tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
        "legacy_init_op": fill,
    }
    return {"number": signature({"word": word}, {"index": table.lookup(word)})}, extras


def examples(session):
    """Classify serialised examples, and give numbers for them, as estimators' exports do."""
    serialised = tf.placeholder(tf.string, [None], "examples")
    features = {
        "x": tf.FixedLenFeature([2], tf.float32),
        "bias": tf.FixedLenFeature([], tf.float32, 0.0),
    }
    parsed = tf.parse_example(serialised, features)
    scores = parsed["x"] + tf.expand_dims(parsed["bias"], 1)
    labels = tf.tile(tf.constant([["west", "größer"]]), [tf.shape(serialised)[0], 1])
    column = tf.reduce_sum(scores, axis=1, keep_dims=True)
    octets = tf.tile(tf.constant([[b"\xff"]]), [tf.shape(serialised)[0], 1])
    inputs = {"inputs": serialised}
    return {
        "serving_default": signature(inputs, {"classes": labels, "scores": scores}, CLASSIFY),
        "labels": signature(inputs, {"classes": labels}, CLASSIFY),
        "scores": signature(inputs, {"scores": scores}, CLASSIFY),
        "regress": signature(inputs, {"outputs": column}, REGRESS),
        "regress_list": signature(inputs, {"outputs": tf.squeeze(column, [1])}, REGRESS),
        "of_form": signature(inputs, {"classes": labels, "scores": scores}),
        "predict": signature({"examples": serialised}, {"y": scores}),
        # Each is wrong in one way.
        "two_inputs": signature({"inputs": serialised, "bias": parsed["bias"]},
                                {"scores": scores}, CLASSIFY),
        "flat_scores": signature(inputs, {"scores": tf.reshape(scores, [-1])}, CLASSIFY),
        "two_numbers": signature(inputs, {"outputs": scores}, REGRESS),
        "octets": signature(inputs, {"classes": octets}, CLASSIFY),
    }, {}  # fmt: skip


def variable(session, name, *shape):
    """Return a variable whose value is not in the graph, only in the variables' files."""
    weights = tf.Variable(tf.zeros(shape), name=name)
    random = np.random.RandomState(sum(name.encode()))
    weights.load(random.uniform(-1, 1, shape).astype("f4"), session)
    return weights


def mlp(session):
    """Have a hidden layer and a softmax, as a classifier does."""
    x = tf.placeholder(tf.float32, [None, 4], "x")
    hidden = tf.tanh(tf.matmul(x, variable(session, "w1", 4, 8)) + variable(session, "b1", 8))
    logits = tf.matmul(hidden, variable(session, "w2", 8, 3)) + variable(session, "b2", 3)
    return {"predict": signature({"x": x}, {"y": tf.nn.softmax(logits)})}, {}


def convolution(session):
    """Have a convolution and a pool before the dense layer, as a reader of digits does."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    kernel = variable(session, "kernel", 3, 3, 1, 4)
    seen = tf.nn.relu(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "VALID"))
    pooled = tf.nn.max_pool(seen, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    flat = tf.reshape(pooled, [-1, 3 * 3 * 4])
    y = tf.nn.softmax(tf.matmul(flat, variable(session, "dense", 36, 10)))
    return {"predict": signature({"x": x}, {"y": y})}, {}


def keep_state(zeros, states):
    """Mark state as Hydrosphere's exports do: two collections, paired by index."""
    for zero, state in zip(zeros, states):
        tf.add_to_collection("h_zero_states", zero)
        tf.add_to_collection("h_state_placeholders", state)


def recurrent(session):
    """Have an LSTM's cell, written out, whose final states are what is fetched."""
    x = tf.placeholder(tf.float32, [1, 3], "x")
    c, h = tf.zeros([1, 4], name="c"), tf.zeros([1, 4], name="h")
    gates = tf.matmul(tf.concat([x, h], 1), variable(session, "gates", 7, 16))
    forget, enter, leave, new = tf.split(gates, 4, 1)
    next_c = tf.sigmoid(forget) * c + tf.sigmoid(enter) * tf.tanh(new)
    next_h = tf.sigmoid(leave) * tf.tanh(next_c)
    keep_state([c, h], [next_c, next_h])
    y = tf.matmul(next_h, variable(session, "out", 4, 2))
    return {"predict": signature({"x": x}, {"y": y})}, {}


def stepped(total, position, x):
    """Mix a number into the total, so that the order shows, and count."""
    return (total * 31 + x) % 1000003, position + 1


def sequence(session):
    """Fold numbers into a total; the state's new values are tensors that are computed."""
    x = tf.placeholder(tf.int64, [], "x")
    zeros = tf.constant(7, tf.int64, name="total"), tf.constant(0, tf.int64, name="position")
    total, position = stepped(*zeros, x)
    keep_state(zeros, [total, position])
    outputs = {"total": tf.identity(total), "position": tf.identity(position)}
    return {"step": signature({"x": x}, outputs)}, {}


def sequence_named(session):
    """Do the same with real placeholders; the outputs named like them are their new values."""
    x = tf.placeholder(tf.int64, [], "x")
    states = tf.placeholder(tf.int64, [], "total"), tf.placeholder(tf.int64, [], "position")
    keep_state([tf.constant(7, tf.int64), tf.constant(0, tf.int64)], states)
    total, position = stepped(*states, x)
    return {"step": signature({"x": x}, {"total": total, "position": position})}, {}
