"""Call functions that take NumPy arrays and return a dict of arrays."""

from typing import Any, Dict, Mapping

from python_runtime import messages
from python_runtime.functions import Function, Predict, PredictAsync
from serving_runtime.model import Arrays
from serving_runtime.validation.maps import array_of


def adapt(function: Function, name: str) -> Predict:
    """Return ``function`` as one from arrays by name to arrays by name.

    Args:
        function: the user's; called with the inputs as keyword arguments.
        name: what messages call it.
    """

    def predict(inputs: Arrays) -> Arrays:
        return _outputs(function(**_arguments(inputs)), name)

    return predict


def adapt_async(function: Function, name: str) -> PredictAsync:
    """Return an asynchronous function likewise."""

    async def predict(inputs: Arrays) -> Arrays:
        return _outputs(await function(**_arguments(inputs)), name)

    return predict


def _arguments(inputs: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: _argument(value) for name, value in inputs.items()}


def _argument(value: Any) -> Any:
    """Hand a scalar over as a scalar, as Hydrosphere 3.x does: it can be formatted and compared,
    and the scalar of a string array is a plain ``str``.
    """  # noqa: D205  one sentence
    if isinstance(value, dict):
        return _arguments(value)
    if value.dtype.hasobject and value.size and isinstance(value.flat[0], dict):
        return array_of([_arguments(item) for item in value.ravel()], value.shape)
    return value if value.ndim else value[()]


def _outputs(result: Any, name: str) -> Arrays:
    if messages.is_response(result):  # the style was misjudged, and the result is good
        return messages.response_arrays(result)
    if not isinstance(result, Mapping):
        raise messages.wrong_type(
            result, f", nor a dict of arrays by output name: {name} returned {_type(result)}"
        )
    return {key: _output(key, value) for key, value in result.items()}


def _output(name: str, value: Any) -> Any:
    """Read messages; arrays, scalars, lists and text are left to the contract's check."""
    if messages.is_tensor(value):
        return messages.tensor_array(name, value)
    if isinstance(value, Mapping):
        return {key: _output(f"{name}.{key}", part) for key, part in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [_output(f"{name}[{index}]", part) for index, part in enumerate(value)]
    return value


def _type(result: Any) -> str:
    return type(result).__name__
