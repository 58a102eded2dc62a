"""Make tables of named arrays: a matrix, or a data frame, from an input for each column or for all.

A loader whose library takes tables uses it. pandas is imported where a frame is wanted, and only
there: not every image has it.
"""

import importlib.util
from typing import Any, Callable, Sequence, Tuple

import numpy as np

from serving_runtime.errors import LoadError
from serving_runtime.model import Arrays
from serving_runtime.signature import NUMPY_DTYPES, STRING, Field, Signature


def is_column(field: Field) -> bool:
    """Whether an input can be one column: ``[rows]`` or ``[rows, 1]``."""
    shape = field.shape
    return shape is not None and (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1))


def validate_columns(signature: Signature) -> None:
    """Check that each input of a signature can be a column.

    Raises:
        LoadError: one cannot; the text is how to declare it.
    """
    for field in signature.inputs:
        if not is_column(field):
            raise LoadError(
                f'signature "{signature.name}", input "{field.name}": {field} is no column: '
                "expected [-1] or [-1, 1], since there is an input for each column",
                'declare it as "shape: [-1]", or one input of the whole table, such as [-1, 4]',
            )


def matrix(array: np.ndarray) -> np.ndarray:
    """Return [rows, columns]: a list is one column, and more axes, as of pictures, are one."""
    if array.ndim == 2:
        return array
    width = int(np.prod(array.shape[1:], dtype=int))
    return array.reshape(len(array), width)


def stacked(inputs: Arrays, names: Sequence[str]) -> np.ndarray:
    """Join columns to a matrix, of objects where there are texts beside numbers."""
    return np.stack([inputs[name].reshape(-1) for name in names], axis=1)


def has_pandas() -> bool:
    """Whether frames can be made here."""
    return importlib.util.find_spec("pandas") is not None


def require_pandas(signature_name: str) -> None:
    """Check that frames can be made here.

    Raises:
        LoadError: pandas is not installed.
    """
    if not has_pandas():
        raise LoadError(
            f'signature "{signature_name}" gives the model columns by name, which takes pandas, '
            "and that is not installed here",
            "serve it from an image that has pandas",
        )


def framing(names: Sequence[str]) -> Callable[[np.ndarray], Any]:
    """Return what makes a frame, with columns of these names, of a matrix."""
    import pandas

    # Making one takes twice as long as the frame; a view, since user code may name a frame's own.
    index = pandas.Index(list(names))
    return lambda matrix: pandas.DataFrame(matrix, columns=index.view())


def joining(fields: Sequence[Field], names: Sequence[str]) -> Callable[[Arrays], Any]:
    """Return what makes a frame of an array for each column.

    Args:
        fields: the columns, as they are declared.
        names: their names, in the order that the frame is to have them.
    """
    import pandas

    if not _are_alike(tuple(fields)):
        return lambda inputs: pandas.DataFrame({name: inputs[name].reshape(-1) for name in names})
    # The same frame, in the same memory layout, without pandas' work for each column.
    frame = framing(names)
    return lambda inputs: frame(np.array([inputs[name].reshape(-1) for name in names]).T)


def _are_alike(fields: Tuple[Field, ...]) -> bool:
    """Whether the columns are numbers of one dtype, and always as many in each."""
    dtypes = {field.dtype for field in fields}
    are_numbers = dtypes <= set(NUMPY_DTYPES) - {STRING}
    return len(dtypes) == 1 and are_numbers and all(it.has_free_first_axis for it in fields)
