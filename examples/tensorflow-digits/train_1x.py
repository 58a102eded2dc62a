"""The network in TensorFlow 1.x, from 1.4 on: a graph, a session, SavedModelBuilder."""

import numpy as np
import tensorflow as tf

STEPS = 300


def train(images: np.ndarray, labels: np.ndarray, held_out: np.ndarray, files: str) -> np.ndarray:
    """Train on all images at once, export to ``files``, and return the scores of ``held_out``.

    Args:
        images: float32[n, 8, 8]
        labels: int64[n]
        held_out: float32[m, 8, 8]
        files: a folder that does not exist yet.

    Returns:
        float32[m, 10]
    """
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        inputs = tf.placeholder(tf.float32, [None, 8, 8], name="images")
        targets = tf.placeholder(tf.int64, [None], name="targets")
        hidden = tf.layers.dense(tf.reshape(inputs / 16, [-1, 64]), 64, activation=tf.nn.relu)
        logits = tf.layers.dense(hidden, 10)
        loss = tf.losses.sparse_softmax_cross_entropy(targets, logits)
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
        label, scores = tf.argmax(logits, axis=1), tf.nn.softmax(logits)
        session.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            session.run(step, {inputs: images, targets: labels})
        _export(session, files, {"images": inputs}, {"label": label, "scores": scores})
        result: np.ndarray = session.run(scores, {inputs: held_out})
        return result


def _export(session, files, inputs, outputs):
    """Write the graph with one signature, ``predict``."""
    signature = tf.saved_model.signature_def_utils.predict_signature_def(inputs, outputs)
    builder = tf.saved_model.builder.SavedModelBuilder(files)
    builder.add_meta_graph_and_variables(
        session, [tf.saved_model.tag_constants.SERVING], {"predict": signature}
    )
    builder.save()
