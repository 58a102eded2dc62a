"""Make values of the cells of a table that has no types of its own: CSV."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import (
    ANY,
    MAP,
    MISSING_SUFFIX,
    NUMPY_DTYPES,
    STRING,
    Field,
    Signature,
    Tensor,
    Value,
)
from serving_runtime.validation import casts
from serving_runtime.validation.objects import NotATensor, tensor_of_objects
from serving_runtime.validation.problems import quoted

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_LARGEST_EXACT = 2**53  # in the floats that a table's writer makes of integers


class Block(NamedTuple):
    """Some lines' cells of one input, ``width`` from each line.

    ``first``: the number of the first line where that is no header, None where it is one.
    """

    cells: Sequence[str]
    numbers: Sequence[int]
    width: int
    first: Optional[int]


class _Form(NamedTuple):
    """How cells of a dtype are read: what makes a value of one, what the values are kept as.

    ``blank`` stands in the place of a missing value.
    """

    parse: Callable[[str], Any]
    dtype: str
    blank: Any


class CellReader:
    """Gathers an input's values, block by block: as texts they take far more memory.

    Args:
        field: the input.
        is_nullable: whether an empty cell is a missing value.

    Raises:
        InvalidInput: such an input has no form in CSV.
    """

    def __init__(self, field: Field, is_nullable: bool) -> None:
        if field.dtype == MAP or field.dtype.startswith("complex"):
            raise InvalidInput(
                f"input {quoted(field.name)} is {field}, which has no form in CSV: send JSON"
            )
        self._field = field
        self._is_nullable = is_nullable
        self._form = _FORMS[ANY if field.dtype == ANY else casts.kind(field.dtype)]
        self._takes_empty = field.dtype == STRING and not is_nullable
        self._arrays: List[np.ndarray] = []
        self._masks: List[np.ndarray] = []

    def add(self, block: Block) -> None:
        """Read a block.

        Raises:
            InvalidInput: a cell is no such value; the text names its line.
        """
        values: List[Any] = []
        for index, cell in enumerate(block.cells):
            try:
                values.append(self._value(cell))
            except ValueError as problem:
                raise InvalidInput(self._wrong(block, index, str(problem))) from None
        array = np.empty(len(values), NUMPY_DTYPES.get(self._form.dtype, np.dtype(object)))
        array[:] = values
        self._arrays.append(array)
        empty = [not cell for cell in block.cells] if self._is_nullable else []
        self._masks.append(np.array(empty, bool))

    def tensors(self, shape: Tuple[int, ...]) -> Dict[str, Value]:
        """Return all that was read, and the mask of what is missing where values cannot say so.

        Raises:
            InvalidInput: a value does not fit the dtype.
        """
        name = self._field.name
        tensor = self._tensor(shape)
        found: Dict[str, Value] = {name: tensor}
        mask = np.concatenate([np.empty(0, bool), *self._masks])
        if mask.any() and tensor.array.dtype.kind != "f":
            found[name + MISSING_SUFFIX] = Tensor("bool", mask.reshape(shape))
        return found

    def _value(self, cell: str) -> Any:
        if not cell and not self._takes_empty:
            if not self._is_nullable:
                raise ValueError("is empty, and cannot be missing")
            return self._form.blank
        try:
            return self._form.parse(cell)
        except ValueError:
            raise ValueError(f"is {quoted(cell)}, which is no {self._field.dtype}") from None

    def _tensor(self, shape: Tuple[int, ...]) -> Tensor:
        wanted, kept = self._field.dtype, self._form.dtype
        array = np.concatenate(
            [np.empty(0, NUMPY_DTYPES.get(kept, np.dtype(object))), *self._arrays]
        )
        try:
            if ANY in (wanted, kept):
                tensor = tensor_of_objects(array, wanted if wanted != ANY else "float64")
                kept, array = tensor
            if wanted != ANY:
                array = casts.convert(Tensor(kept, array), wanted, casts.SAME_KIND)
        except (casts.CastError, NotATensor) as error:
            raise InvalidInput(f"column {quoted(self._field.name)}: {error}") from None
        return Tensor(kept if wanted == ANY else wanted, array.reshape(shape))

    def _wrong(self, block: Block, index: int, problem: str) -> str:
        line = block.numbers[index // block.width]
        text = f"line {line}, column {quoted(self._field.name)} {problem}"
        if line == block.first:
            return f"{text}; a header must have exactly the inputs' names"
        return text


def is_nullable(name: str, signature: Signature) -> bool:
    """Whether an input may have missing values."""
    return any(it.name == name for it in (*signature.nullable, *signature.nullable_floats))


def text_of(value: Any) -> str:
    """Return a value as a cell: floats in the shortest form, which is read as the same one."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value)  # NumPy's own text of a scalar


def _float(cell: str) -> float:
    if "_" in cell:  # which Python takes
        raise ValueError
    return float(cell)


def _integer(cell: str) -> int:
    """Return an integer, also of a cell that a table's writer has made a float: ``3.0``."""
    if "_" in cell:
        raise ValueError
    try:
        return int(cell)
    except ValueError:
        value = float(cell)
        if not value.is_integer() or abs(value) > _LARGEST_EXACT:
            raise
        return int(value)


def _boolean(cell: str) -> bool:
    try:
        return _BOOLEANS[cell.lower()]
    except KeyError:
        raise ValueError from None


def _anything(cell: str) -> Any:
    for parse in (_integer, _float):
        try:
            return parse(cell)
        except (ValueError, OverflowError):
            continue
    return cell


_FORMS = {
    "float": _Form(_float, "float64", float("nan")),
    "integer": _Form(_integer, ANY, 0),  # Python's integers, of any size
    "bool": _Form(_boolean, "bool", False),
    STRING: _Form(str.encode, STRING, b""),
    ANY: _Form(_anything, ANY, float("nan")),
}
