"""Make of the contract's inputs what the estimator was fitted on: a matrix, a frame or texts."""

import importlib.util
from typing import Any, Callable, Tuple

import numpy as np

from serving_runtime.errors import LoadError
from serving_runtime.model import Arrays
from serving_runtime.signature import NUMPY_DTYPES, STRING, Field, Signature
from sklearn_runtime import structure

Assemble = Callable[[Arrays], Any]


def assembler(signature: Signature, estimator: Any) -> Assemble:
    """Return what turns a request's arrays into the estimator's input.

    Raises:
        LoadError: the inputs have shapes that no table is made of, or pandas is needed and missing.
    """
    if is_by_column(signature, estimator):
        return _by_column(signature, estimator)
    if not signature.inputs:
        raise LoadError(f'signature "{signature.name}" has no inputs: expected at least one')
    return _whole(signature.name, signature.inputs[0], estimator)


def is_by_column(signature: Signature, estimator: Any) -> bool:
    """Whether each input is a column, and not the one input the whole table."""
    if len(signature.inputs) != 1:
        return bool(signature.inputs)
    (field,) = signature.inputs
    return _is_column(field) and field.name in structure.feature_names(estimator)


def _is_column(field: Field) -> bool:
    shape = field.shape
    return shape is not None and (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1))


def _whole(signature_name: str, field: Field, estimator: Any) -> Assemble:
    name = field.name
    columns = structure.feature_names(estimator)
    if columns and hasattr(structure.first_step(estimator), "transformers_"):
        _require_pandas(signature_name)
    if columns and _has_pandas():
        frame = _framing(columns)
        return lambda inputs: frame(_matrix(inputs[name]))
    if field.shape is None or structure.takes_text(estimator):
        return lambda inputs: inputs[name]
    if len(field.shape) == 1 and field.dtype == STRING and _is_free(estimator):
        return lambda inputs: inputs[name]
    return lambda inputs: _matrix(inputs[name])


def _is_free(estimator: Any) -> bool:
    return structure.feature_count(estimator) is None


def _matrix(array: np.ndarray) -> np.ndarray:
    """Return [rows, features]: a list is one column, and more axes, as of pictures, are one."""
    if array.ndim == 2:
        return array
    width = int(np.prod(array.shape[1:], dtype=int))
    return array.reshape(len(array), width)


def _by_column(signature: Signature, estimator: Any) -> Assemble:
    for field in signature.inputs:
        _check_column(signature.name, field)
    declared = tuple(field.name for field in signature.inputs)
    fitted = structure.feature_names(estimator)
    # In the order of the fit; what the model does not know is told by the contract's comparison.
    names = tuple(sorted(declared, key=fitted.index)) if set(declared) <= set(fitted) else declared
    if fitted or _is_free(estimator):
        _require_pandas(signature.name)
        return _framed_columns(signature.inputs, names)
    return lambda inputs: _stacked(inputs, names)


def _check_column(signature_name: str, field: Field) -> None:
    if _is_column(field):
        return
    raise LoadError(
        f'signature "{signature_name}", input "{field.name}": {field} is no column: expected '
        "[-1] or [-1, 1], since there is an input for each column",
        'declare it as "shape: [-1]", or one input of the whole table, such as [-1, 4]',
    )


def _framed_columns(fields: Tuple[Field, ...], names: Tuple[str, ...]) -> Assemble:
    import pandas

    if not _are_alike(fields):
        return lambda inputs: pandas.DataFrame({name: inputs[name].reshape(-1) for name in names})
    # The same frame, in the same memory layout, without pandas' work for each column.
    frame = _framing(names)
    return lambda inputs: frame(np.array([inputs[name].reshape(-1) for name in names]).T)


def _are_alike(fields: Tuple[Field, ...]) -> bool:
    """Whether the columns are numbers of one dtype, and always as many in each."""
    dtypes = {field.dtype for field in fields}
    are_numbers = dtypes <= set(NUMPY_DTYPES) - {STRING}
    return len(dtypes) == 1 and are_numbers and all(it.has_free_first_axis for it in fields)


def _framing(names: Tuple[str, ...]) -> Callable[[np.ndarray], Any]:
    """Return what makes a frame of a matrix."""
    import pandas

    # Making one takes twice as long as the frame; a view, since user code may name a frame's own.
    index = pandas.Index(list(names))
    return lambda matrix: pandas.DataFrame(matrix, columns=index.view())


def _stacked(inputs: Arrays, names: Tuple[str, ...]) -> np.ndarray:
    """Join columns to a matrix, of objects where there are texts beside numbers."""
    columns = [inputs[name].reshape(-1) for name in names]
    return np.stack(columns, axis=1)


def _has_pandas() -> bool:
    return importlib.util.find_spec("pandas") is not None


def _require_pandas(signature_name: str) -> None:
    if not _has_pandas():
        raise LoadError(
            f'signature "{signature_name}" gives the model columns by name, which takes pandas, '
            "and that is not installed here",
            "serve it from an image that has pandas",
        )
