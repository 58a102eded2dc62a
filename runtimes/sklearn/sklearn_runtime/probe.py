"""Try a fitted estimator out on a made-up request, to learn what its results look like."""

import warnings
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np

from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.signature import ANY, FREE, NUMPY_DTYPES, STRING, Field, Shape, Signature
from sklearn_runtime import calling, columns, inputs
from sklearn_runtime.framework import NotFittedError

logger = logs.get_logger(__name__)

ROWS = 2
# A table that is made up may be no larger than this.
_MAX_ELEMENTS = 10**7


def results(estimator: Any, signature: Signature, methods: Sequence[str]) -> Mapping[str, Any]:
    """Return what the methods answer to two made-up rows; if they fail, log that, and nothing.

    Raises:
        LoadError: the estimator is not fitted.
    """
    assemble = inputs.assembler(signature, estimator)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zeros are not what the model was made for
            rows = assemble(_arrays(estimator, signature))
            return calling.call(estimator, list(dict.fromkeys(methods)), rows)
    except NotFittedError as error:
        raise LoadError(f"the model is not fitted: {error}", "fit it before it is saved") from error
    except Exception as error:  # noqa: BLE001  user code may raise anything
        logger.warning(
            "signature %s could not be tried out on made-up values (%s: %s): what it returns is "
            "not known before the first call",
            signature.name,
            type(error).__name__,
            error,
        )
        return {}


def shape_of(array: Any, signature: Signature) -> Shape:
    """Return the shape of an answer, free where it follows what was made up: rows, free axes."""
    shape = np.shape(array)
    declared = [field.shape for field in signature.inputs]
    if None in declared or not shape or shape[0] != ROWS:
        return None
    if any(FREE in it[1:] for it in declared if it is not None):
        return (FREE,) * len(shape)
    return (FREE, *shape[1:])


def _arrays(estimator: Any, signature: Signature) -> Dict[str, Any]:
    fields = {field.name: field for field in signature.inputs}
    arrays = {name: _blank(field) for name, field in fields.items()}
    if inputs.is_by_column(signature, estimator):
        for name, column in columns.named(estimator, list(arrays)).items():
            if name in arrays:
                is_open = fields[name].dtype == ANY and isinstance(column.value, str)
                array = arrays[name].astype(object) if is_open else arrays[name]
                arrays[name] = _filled(array, column.value)
        return arrays
    for array in arrays.values():
        for index, column in enumerate(columns.whole(estimator, array.shape[1:])):
            array[:, index] = _filled(array[:, index], column.value)
    return arrays


def _blank(field: Field) -> np.ndarray:
    shape = tuple(1 if size == FREE else size for size in (field.shape or (ROWS,)))
    shape = (ROWS, *shape[1:])
    elements = 1
    for size in shape:
        elements *= size
    if elements > _MAX_ELEMENTS:
        raise ValueError(f"{field} is too large to be made up")
    if field.dtype == STRING:
        return np.full(shape, "", dtype=object)
    return np.zeros(shape, NUMPY_DTYPES.get(field.dtype, np.dtype(np.float32)))


def _filled(array: np.ndarray, value: Optional[Any]) -> np.ndarray:
    """Put a value that the model knows in, where it is of the array's kind."""
    is_text = isinstance(value, str)
    return np.full_like(array, value) if is_text == (array.dtype == object) else array
