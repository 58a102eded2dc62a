"""Run SavedModels in TensorFlow itself, with no code of ours: what the runtime must agree with."""

import numpy as np
import tensorflow

# TensorFlow 1.x is its own compat.v1, and had no such module before 1.13.
tf = getattr(getattr(tensorflow, "compat", None), "v1", tensorflow)


class Direct:
    """A SavedModel in a session, and its state where its graph says that it has one.

    Args:
        files: the folder of saved_model.pb.
    """

    def __init__(self, files):
        self._session = tf.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._meta_graph = tf.saved_model.loader.load(self._session, ["serve"], str(files))
        collection = self._session.graph.get_collection
        self._pairs = list(zip(collection("h_zero_states"), collection("h_state_placeholders")))
        self.reset()

    def call(self, signature_name, inputs):
        """Answer one call; a stateful model goes on from the call before.

        Args:
            signature_name: one of the SavedModel's.
            inputs: arrays by name.
        """
        signature = self._meta_graph.signature_def[signature_name]
        feeds = {signature.inputs[name].name: value for name, value in inputs.items()}
        feeds.update(zip(map(self._fed, self._pairs), self._state))
        outputs = {name: info.name for name, info in signature.outputs.items()}
        following = [self._next(pair, outputs) for pair in self._pairs]
        answer, self._state = self._session.run([outputs, following], feeds)
        return answer

    def reset(self):
        """Return to the zero states."""
        self._state = [self._session.run(zero) for zero, _ in self._pairs]

    def close(self):
        """End the session."""
        self._session.close()

    @staticmethod
    def _fed(pair):
        """Feed a real placeholder; else the zero state, in whose place the current one goes."""
        zero, state = pair
        return state if state.op.type == "Placeholder" else zero

    @staticmethod
    def _next(pair, outputs):
        """Fetch the output that is named like a placeholder; else the new state itself."""
        state = pair[1]
        return outputs[state.op.name] if state.op.type == "Placeholder" else state


def equal(ours, theirs):
    """Whether two answers are the same to the last bit, dtypes and shapes included."""
    return ours.keys() == theirs.keys() and all(
        _bits(ours[name]) == _bits(theirs[name]) for name in theirs
    )


def _bits(value):
    # A scalar string comes as bytes, of which NumPy would drop NULs at the end.
    array = np.asarray(value, object if isinstance(value, bytes) else None)
    content = array.tolist() if array.dtype == object else array.tobytes()
    return array.dtype.str, array.shape, content
