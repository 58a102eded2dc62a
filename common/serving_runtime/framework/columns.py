"""Make tables of named arrays: a matrix, or a data frame, from an input for each column or for all.

A loader whose library takes tables uses it. pandas is imported where a frame is wanted, and only
there: not every image has it.
"""

import importlib.util
from typing import Any, Callable, Dict, Sequence, Tuple

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


def framing(names: Sequence[str], dtype: Any = None) -> Callable[[np.ndarray], Any]:
    """Return what makes a frame, with columns of these names, of a matrix.

    Args:
        names: of the columns.
        dtype: of the frame; None for what pandas makes of the matrix.
    """
    import pandas

    # Making one takes twice as long as the frame; a view, since user code may name a frame's own.
    index = pandas.Index(list(names))
    return lambda matrix: pandas.DataFrame(matrix, columns=index.view(), dtype=dtype)


def categorised(frame: Callable[[Any], Any], names: Sequence[str]) -> Callable[[Any], Any]:
    """Return what makes the same frame with some of its columns as pandas' ``category``.

    Args:
        frame: makes a frame.
        names: of the columns; the categories are those of the values, in their order.
    """
    if not names:
        return frame

    def make(values: Any) -> Any:
        found = frame(values)
        return found.assign(**{name: found[name].astype("category") for name in names})

    return make


def renamed(frame: Any, names: Sequence[str]) -> Any:
    """Return a frame that was made here with other names for its columns."""
    frame.columns = list(names)
    return frame


def joining(
    fields: Sequence[Field], names: Sequence[str], objects: Sequence[str] = ()
) -> Callable[[Arrays], Any]:
    """Return what makes a frame of an array for each column.

    Args:
        fields: the columns, as they are declared.
        names: their names, in the order that the frame is to have them.
        objects: the names of the columns that are to be objects, whatever they are declared as:
            pandas 3 makes NaN of every None among texts.
    """
    import pandas

    def by_column(inputs: Arrays) -> Any:
        columns: Dict[str, Any] = {name: inputs[name].reshape(-1) for name in names}
        for name in objects:
            columns[name] = pandas.Series(columns[name], dtype=object)
        return pandas.DataFrame(columns)

    if objects or not _are_alike(tuple(fields)):
        return by_column
    # The same frame, in the same memory layout, without pandas' work for each column.
    frame, dtype = framing(names), NUMPY_DTYPES[fields[0].dtype]

    def join(inputs: Arrays) -> Any:
        joined = np.array([inputs[name].reshape(-1) for name in names])
        # Integers with missing ones among them have come as floats.
        return frame(joined.T) if joined.dtype == dtype else by_column(inputs)

    return join


def _are_alike(fields: Tuple[Field, ...]) -> bool:
    """Whether the columns are numbers of one dtype, and always as many in each."""
    dtypes = {field.dtype for field in fields}
    are_numbers = dtypes <= set(NUMPY_DTYPES) - {STRING}
    return len(dtypes) == 1 and are_numbers and all(it.has_free_first_axis for it in fields)
