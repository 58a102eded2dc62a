"""Call functions that take ``TensorProto`` and return ``PredictResponse``, as Hydrosphere's do.

Those of 3.x take arrays, and may return ``Tensor`` for each output.
"""

import inspect
from typing import Any, Dict, Mapping, Tuple

import numpy as np

import hydro_serving_grpc as hs
from python_runtime.functions import Function, Predict, PredictAsync
from serving_runtime.errors import BrokenResult, InvalidInput, LimitExceeded
from serving_runtime.model import Arrays
from serving_runtime.protocols.protobuf.tensors import decoding, encoding
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.form import TENSOR, TENSOR_PROTO
from serving_runtime.signature import (
    ANY,
    MAP,
    STRING,
    Field,
    MapArray,
    Signature,
    Tensor,
    Value,
    dtype_name,
)
from serving_runtime.validation.maps import array_of

# Of a result of the wrong type; the message must still end with what was expected.
MAX_CHARACTERS = 400

# What repeated values of an output may grow to: no larger reply can be sent.
MAX_EXPANDED_BYTES = 2**31 - 1


def adapt(function: Function, signature: Signature) -> Predict:
    """Return ``function`` as one from arrays by name to arrays by name.

    Args:
        function: the user's; called with a ``TensorProto`` for each input, values in the typed
            fields (``double_val``, …), as keyword arguments.
        signature: tells the dtypes that NumPy cannot, such as bfloat16.
    """

    def predict(inputs: Arrays) -> Arrays:
        return _outputs(function(**_protos(signature.inputs, inputs)))

    return predict


def adapt_async(function: Function, signature: Signature) -> PredictAsync:
    """Return an asynchronous function likewise."""

    async def predict(inputs: Arrays) -> Arrays:
        return _outputs(await function(**_protos(signature.inputs, inputs)))

    return predict


def is_response(result: Any) -> bool:
    """Whether ``result`` is a ``PredictResponse``: ours, or another package's of the same form."""
    return _is_message(result, "PredictResponse")


def is_tensor(value: Any) -> bool:
    """Whether ``value`` is a ``TensorProto``, or 3.x's ``Tensor``: ours, or another package's."""
    return _is_message(value, "TensorProto") or _is_of_3_x(value)


def response_arrays(response: Any) -> Arrays:
    """Return the outputs of a ``PredictResponse`` as arrays.

    Raises:
        BrokenResult: an output says one thing of itself and holds another.
    """
    outputs = response.outputs
    return {name: tensor_array(name, outputs[name]) for name in outputs}


def tensor_array(name: str, proto: Any) -> Any:
    """Return the array of a tensor's message, or the dict of arrays of one that is a map.

    Raises:
        BrokenResult: its values do not fit its shape or dtype.
    """
    try:
        form = TENSOR if _is_of_3_x(proto) else TENSOR_PROTO
        tensor = _as_ours(proto, form.message)
        return _array(decoding.decode(tensor, DecodeBudget(MAX_EXPANDED_BYTES), form))
    except InvalidInput as error:  # what is wrong in a request is wrong in a result
        raise BrokenResult(f'output "{name}": {error}') from error
    except LimitExceeded as error:
        raise BrokenResult(f'output "{name}" repeats a value beyond 2 GiB') from error


def wrong_type(result: Any, expected: str = "") -> BrokenResult:
    """Return the error of a wrongly typed result, in the words that Hydrosphere's clients know."""
    if inspect.iscoroutine(result):
        result.close()  # else Python warns that it was never awaited
        expected += "; it must be awaited: write the function, and what decorates it, `async def`"
    text = f"{result}"
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS] + "..."
    return BrokenResult(f"Type of a result ({text}) is not `PredictResponse`{expected}")


def _outputs(result: Any) -> Arrays:
    if not is_response(result):
        raise wrong_type(result)
    return response_arrays(result)


def _is_message(value: Any, name: str) -> bool:
    return getattr(getattr(value, "DESCRIPTOR", None), "name", "") == name


def _is_of_3_x(value: Any) -> bool:
    """Whether ``value`` is a ``Tensor``; read as a ``TensorProto`` it would lose its shape."""
    full_name = getattr(getattr(value, "DESCRIPTOR", None), "full_name", "")
    return bool(full_name == TENSOR.message.DESCRIPTOR.full_name)


def _as_ours(message: Any, message_class: Any) -> Any:
    """Read another pool's message (TensorFlow's, say) as ours: the fields' numbers are the same."""
    if isinstance(message, message_class):
        return message
    return message_class.FromString(message.SerializeToString())


def _protos(fields: Tuple[Field, ...], inputs: Mapping[str, Any]) -> "Dict[str, hs.TensorProto]":
    known = {field.name: field for field in fields}
    return {
        name: encoding.encode(_value(known[name], array), as_content=False)
        for name, array in inputs.items()
    }


def _value(field: Field, array: Any) -> Value:
    """Put the declared dtype back beside the array; strings become bytes, as messages have them."""
    if isinstance(array, dict):
        known = {part.name: part for part in field.subfields}
        return {name: _value(known.get(name, Field(name, ANY)), part)
                for name, part in array.items()}  # fmt: skip
    if field.dtype == MAP or (field.dtype == ANY and _are_maps(array)):
        items = [_value(field, item) for item in array.ravel()]
        return MapArray(array_of(items, array.shape))
    dtype = dtype_name(array.dtype) if field.dtype == ANY else field.dtype
    return Tensor(dtype, _as_bytes(array) if dtype == STRING else array)


def _are_maps(array: np.ndarray) -> bool:
    return bool(array.dtype == object and array.size and isinstance(array.flat[0], dict))


def _as_bytes(array: np.ndarray) -> np.ndarray:
    encoded = np.empty(array.size, dtype=object)
    encoded[:] = [item.encode() if isinstance(item, str) else item for item in array.flat]
    return encoded.reshape(array.shape)


def _array(value: Value) -> Any:
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, MapArray):
        return array_of([_array(item) for item in value.array.ravel()], value.array.shape)
    return {name: _array(part) for name, part in value.items()}
