"""What Regress means: a number for each example.

See: tensorflow_serving/servables/tensorflow/regressor.cc in https://github.com/tensorflow/serving
"""

from typing import Any

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput
from serving_runtime.model import Arrays
from serving_runtime.protocols.tensorflow_serving import purposes
from serving_runtime.protocols.tensorflow_serving.examples_protocol import (
    ExamplesProtocol,
    shape_text,
)
from serving_runtime.protocols.tensorflow_serving.purposes import OUTPUTS


class Regress(ExamplesProtocol):
    """Calls signatures that give a number for each example."""

    purpose = purposes.REGRESSION
    request_type = message_class("runtime.examples.RegressionRequest")
    response_type = message_class("tensorflow.serving.RegressionResponse")

    def _fill(self, result: Any, outputs: Arrays, count: int) -> None:
        """Write a RegressionResult."""
        array = outputs[OUTPUTS]
        if array.shape[1:] not in ((), (1,)) or not array.shape:
            raise InvalidInput(
                "the model's outputs are no number for each example: Expected output Tensor shape "
                f"to be either [batch_size] or [batch_size, 1] but got {shape_text(array.shape)}"
            )
        if len(array) != count:
            raise InvalidInput(
                "the model's outputs are no number for each example: Input batch size did not "
                f"match output batch size: {count} vs. {len(array)}"
            )
        for number in array.ravel().tolist():
            result.regressions.add(value=number)
