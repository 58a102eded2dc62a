"""The network in TensorFlow 2.x: Keras trains it, a module's function is what is served."""

import numpy as np
import tensorflow as tf

EPOCHS = 20


class Served(tf.Module):
    """The trained network as the function that clients call."""

    def __init__(self, network: tf.keras.Model) -> None:
        super().__init__()
        self.network = network

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="images")])
    def predict(self, images):
        """Return the digit and the probability of each, for any number of pictures."""
        scores = self.network(images)
        return {"label": tf.argmax(scores, axis=1), "scores": scores}


def train(images: np.ndarray, labels: np.ndarray, held_out: np.ndarray, files: str) -> np.ndarray:
    """Train, export to ``files``, and return the scores of ``held_out``.

    Args:
        images: float32[n, 8, 8]
        labels: int64[n]
        held_out: float32[m, 8, 8]
        files: a folder that does not exist yet.

    Returns:
        float32[m, 10]
    """
    tf.keras.utils.set_random_seed(0)
    network = tf.keras.Sequential(
        [
            tf.keras.layers.Rescaling(1 / 16),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(images, labels, epochs=EPOCHS, verbose=0)
    model = Served(network)
    tf.saved_model.save(model, files, signatures={"predict": model.predict})
    scores: np.ndarray = model.predict(tf.constant(held_out))["scores"].numpy()
    return scores
