"""Serve SavedModels of every TensorFlow since 1.4, and Keras's own files where they are known."""

from pathlib import Path
from typing import Optional, Union

from serving_runtime.errors import InvalidInput
from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract
from tensorflow_runtime import artefact, failures, keras_file, saved_model
from tensorflow_runtime.framework import tf
from tensorflow_runtime.keras_file import KerasFile
from tensorflow_runtime.saved_model import SavedModel


class TensorFlowModel(Model):
    """A model of TensorFlow's, whatever it was saved as."""

    string_type: type = bytes
    # A graph runs without the interpreter's lock, and as often at once as it is called.
    runs_in_threads = True
    # What Hydrosphere's own TensorFlow runtime says.
    status_message = "Loaded and ready to go"

    def __init__(self, program: Union[SavedModel, KerasFile]) -> None:
        self._program = program
        self.stateful = program.stateful
        self.changes = program.written.text
        # A warm-up would take the first of a fixed sequence of random numbers.
        self.warm_up = not program.written.draws_by_seed

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Run the signature; what the graph refuses is the request's fault, as in TF Serving."""
        try:
            return self._program.run(signature_name, inputs)
        except tf.errors.InvalidArgumentError as error:
            raise InvalidInput(failures.first_line(error)) from error
        except tf.errors.OpError as error:
            error.args = (failures.first_line(error),)  # its repr, which clients see, has nothing
            raise

    def reset(self) -> None:
        """Return a stateful model to its zero states, and its variables to what they were."""
        self._program.reset()

    def close(self) -> None:
        """Release the graph."""
        self._program.close()


def load(
    files: Path,
    contract: Optional[Contract],
    intra_op_threads: int = 0,
    inter_op_threads: int = 0,
) -> Model:
    """Load the model in ``files``.

    Args:
        files: holds a SavedModel, version directories of one, or a ``.keras`` file.
        contract: what is to be served of it; None for all.
        intra_op_threads: for one operation; 0 leaves it to TensorFlow.
        inter_op_threads: operations at the same time; 0 leaves it to TensorFlow.

    Raises:
        LoadError: there is no model, or it cannot be served.
    """
    found = artefact.find(files)
    if found.is_keras:
        return TensorFlowModel(keras_file.load(found))
    return TensorFlowModel(SavedModel(found, contract, intra_op_threads, inter_op_threads))


def infer_contract(files: Path) -> Contract:
    """Return what the model itself says that it takes and gives.

    Raises:
        LoadError: there is no model, or it cannot be served.
    """
    found = artefact.find(files)
    if found.is_keras:
        return keras_file.load(found).contract
    return saved_model.infer_contract(found)
