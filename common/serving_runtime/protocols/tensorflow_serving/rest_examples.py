"""Make of JSON's examples those that a model's graph parses: serialised ``tensorflow.Example``.

See: tensorflow_serving/util/json_tensor.cc in https://github.com/tensorflow/serving
"""

from typing import Any, List, Mapping

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import base64
from serving_runtime.protocols.json.values import utf8
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.signature import STRING, Tensor
from serving_runtime.validation.problems import quoted

EXAMPLES, CONTEXT = "examples", "context"

_Example = message_class("tensorflow.Example")
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_FLOAT_MAX = float(np.finfo(np.float32).max)


def read(body: Mapping[str, Any], budget: DecodeBudget) -> Tensor:
    """Return a request's examples as string[n], each with the context's features before its own.

    Args:
        body: the request.
        budget: the request's account, which is charged for the copies of the context.

    Raises:
        InvalidInput: there are none, or one is no example; the text names it.
        LimitExceeded: the copies of the context grow beyond the request's budget.
    """
    examples = body.get(EXAMPLES)
    if not isinstance(examples, list) or not examples:
        raise InvalidInput(
            f'"{EXAMPLES}" must be a list of at least one object of features by name, '
            f"got {_kind(examples)}"
        )
    context = _example(body[CONTEXT], CONTEXT) if body.get(CONTEXT) is not None else b""
    budget.charge(len(context) * (len(examples) - 1))
    array = np.empty(len(examples), dtype=object)
    for index, example in enumerate(examples):
        array[index] = context + _example(example, f"{EXAMPLES}[{index}]")
    return Tensor(STRING, array)


def _example(features: Any, place: str) -> bytes:
    if not isinstance(features, dict):
        raise InvalidInput(f"{place} must be an object of features by name, got {_kind(features)}")
    message = _Example()
    feature = message.features.feature
    for name, value in features.items():
        where = f"{place}[{quoted(name)}]"
        _fill(feature[name], value if isinstance(value, list) else [value], where)
    return bytes(message.SerializeToString())


def _fill(feature: Any, values: List[Any], place: str) -> None:
    """Write a feature: 1 is an integer, 1.0 a float, and both together are floats."""
    if all(isinstance(value, int) for value in values):
        feature.int64_list.value.extend([_integer(value, place) for value in values])
    elif all(isinstance(value, (int, float)) for value in values):
        feature.float_list.value.extend([_float(value, place) for value in values])
    elif all(isinstance(value, str) or base64.is_encoded(value) for value in values):
        feature.bytes_list.value.extend([_bytes(value) for value in values])
    else:
        kinds = " and ".join(sorted({_kind(value) for value in values}))
        raise InvalidInput(
            f"{place} has {kinds}: a feature is a number, a text, base64, or a list of one of these"
        )


def _integer(value: int, place: str) -> int:
    if not _INT64_MIN <= value <= _INT64_MAX:
        raise InvalidInput(f"{place} has an integer that is no int64")
    return int(value)  # of booleans


def _float(value: float, place: str) -> float:
    if _FLOAT_MAX < abs(value) < float("inf"):
        raise InvalidInput(f"{place} has {value}, which overflows float32 to infinity")
    return float(value)


def _bytes(value: Any) -> bytes:
    return utf8(value) if isinstance(value, str) else base64.decode(value)


def _kind(value: Any) -> str:
    """Return what a value is in JSON's words."""
    if value is None:
        return "nothing"
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
