"""What Classify means: labels and scores for each example, as the model ranks them.

See: tensorflow_serving/servables/tensorflow/classifier.cc in
https://github.com/tensorflow/serving
"""

from typing import Any, List, Optional

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import BrokenResult, InvalidInput
from serving_runtime.model import Arrays
from serving_runtime.protocols.tensorflow_serving import purposes
from serving_runtime.protocols.tensorflow_serving.examples_protocol import (
    ExamplesProtocol,
    shape_text,
)
from serving_runtime.protocols.tensorflow_serving.purposes import CLASSES, SCORES


class Classify(ExamplesProtocol):
    """Calls signatures that classify."""

    purpose = purposes.CLASSIFICATION
    request_type = message_class("runtime.examples.ClassificationRequest")
    response_type = message_class("tensorflow.serving.ClassificationResponse")

    def _fill(self, result: Any, outputs: Arrays, count: int) -> None:
        """Write a ClassificationResult: the classes of each example, in the model's order."""
        labels, scores = (_matrix(outputs, name, count) for name in (CLASSES, SCORES))
        if labels is not None and scores is not None and labels.shape[1] != scores.shape[1]:
            raise InvalidInput(
                "the model has not a score for each class: Tensors class and score should match in "
                f"dim_size(1). Got {labels.shape[1]} vs. {scores.shape[1]}"
            )
        for row in range(count):
            classes = result.classifications.add().classes
            if labels is None:
                for score in _row(scores, row):
                    classes.add(score=score)
            elif scores is None:
                for label in _row(labels, row):
                    classes.add(label=_text(label))
            else:
                for label, score in zip(_row(labels, row), _row(scores, row)):
                    classes.add(label=_text(label), score=score)


def _matrix(outputs: Arrays, name: str, count: int) -> Optional[np.ndarray]:
    """Return an output, which has a row for each example; None if the model has no such output."""
    array = outputs.get(name)
    if array is None:
        return None
    if array.ndim != 2:
        raise InvalidInput(
            f"the model's {name} are no row for each example: Expected Tensor shape: [batch_size "
            f"num_classes] but got {shape_text(array.shape)}"
        )
    if len(array) != count:
        raise InvalidInput(
            f"the model's {name} are no row for each example: Expected {name} output batch size of "
            f"{count}. Got: {len(array)}"
        )
    return array


def _row(matrix: Optional[np.ndarray], row: int) -> List[Any]:
    found: List[Any] = [] if matrix is None else matrix[row].tolist()
    return found


def _text(label: bytes) -> str:
    try:
        return label.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenResult(
            f"a class is called {label[:20]!r}, which is not UTF-8 as Classify's reply must be: "
            "call Predict"
        ) from None
