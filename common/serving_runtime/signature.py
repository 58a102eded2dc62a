"""Describe what a model takes and gives, as plain types without protobuf."""

from functools import lru_cache
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

ANY = "any"
MAP = "map"
STRING = "string"
FREE = -1
MISSING_SUFFIX = ":missing"
FLOATS = ("float16", "bfloat16", "float32", "float64")

Shape = Optional[Tuple[int, ...]]

# The element type of the arrays that stand for each declared dtype. bfloat16 is handed over as
# float32 (no loss; NumPy has no such type), quantised types as their integers, and strings as
# objects, since NumPy's fixed-width strings drop trailing NULs.
NUMPY_DTYPES: Dict[str, "np.dtype[np.generic]"] = {
    "bool": np.dtype(np.bool_),
    "int8": np.dtype(np.int8),
    "int16": np.dtype(np.int16),
    "int32": np.dtype(np.int32),
    "int64": np.dtype(np.int64),
    "uint8": np.dtype(np.uint8),
    "uint16": np.dtype(np.uint16),
    "uint32": np.dtype(np.uint32),
    "uint64": np.dtype(np.uint64),
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(np.float32),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
    "complex64": np.dtype(np.complex64),
    "complex128": np.dtype(np.complex128),
    "qint8": np.dtype(np.int8),
    "quint8": np.dtype(np.uint8),
    "qint16": np.dtype(np.int16),
    "quint16": np.dtype(np.uint16),
    "qint32": np.dtype(np.int32),
    STRING: np.dtype(object),
}


class Field(NamedTuple):
    """One input or output: its name, dtype and shape.

    ``dtype`` is a key of NUMPY_DTYPES, ``any`` or ``map``. ``shape`` is None where any shape
    will do, ``()`` for a scalar, and has -1 for each free dimension. A map has ``subfields``.
    What follows does not change serving: ``profile`` is how Hydrosphere's monitoring sees the
    field, ``tensor`` what a graph calls the tensor, such as ``x:0``.
    """

    name: str
    dtype: str
    shape: Shape = None
    subfields: Tuple["Field", ...] = ()
    profile: str = ""
    tensor: str = ""

    def __str__(self) -> str:
        return self.dtype + shape_text(self.shape)

    @property
    def has_free_first_axis(self) -> bool:
        """Whether rows of several requests can be stacked along the first axis."""
        return self.shape is not None and len(self.shape) > 0 and self.shape[0] == FREE


class Nullable(NamedTuple):
    """An input that may have missing values, and what the model is given in their places.

    In floats that is NaN. ``value`` stands in texts. ``numbers`` is the dtype that integers and
    booleans become where one is missing: ``float64``, with NaN, or ``object``, with ``value``;
    empty where they cannot.
    """

    name: str
    value: Any = None
    numbers: str = ""

    @property
    def mask(self) -> str:
        """The input, of booleans and of the same shape, that marks the missing values."""
        return self.name + MISSING_SUFFIX


class Signature(NamedTuple):
    """One callable of a model: named inputs and named outputs.

    ``method`` is what a SavedModel names as its purpose, such as ``tensorflow/serving/predict``,
    and empty where the artefact has no such thing: some protocols have operations for signatures of
    one purpose only. ``nullable``: the inputs that may have missing values. ``samples``: by
    the names of inputs, values that the model is known to take where it may refuse zeros.
    """

    name: str
    inputs: Tuple[Field, ...]
    outputs: Tuple[Field, ...]
    method: str = ""
    nullable: Tuple[Nullable, ...] = ()
    samples: Tuple[Tuple[str, Any], ...] = ()

    @property
    def is_stackable(self) -> bool:
        """Whether requests may be answered together: every field has a free first axis."""
        fields = self.inputs + self.outputs
        # A map has no rows of its own, and what may be anything may be a map.
        return bool(self.inputs) and all(
            field.has_free_first_axis and field.dtype not in (MAP, ANY) for field in fields
        )

    @property
    def is_of_columns(self) -> bool:
        """Whether the inputs are the columns of a table, or of one row of it."""
        shapes = {None if field.dtype == MAP else field.shape for field in self.inputs}
        return len(self.inputs) > 1 and shapes in ({()}, {(FREE,)})

    @property
    def nullable_floats(self) -> Tuple[Nullable, ...]:
        """The inputs that can say by themselves that a value is missing, where they are columns."""
        fields = self.inputs if self.is_of_columns else ()
        return tuple(Nullable(field.name) for field in fields if field.dtype in FLOATS)

    @property
    def optional_inputs(self) -> Tuple[Field, ...]:
        """The inputs that a request may have beside the others: which values are missing.

        Floats need none, since NaN says it.
        """
        declared = {field.name: field for field in self.inputs}
        found = ((it, declared[it.name]) for it in self.nullable)
        return tuple(
            Field(it.mask, "bool", field.shape) for it, field in found if field.dtype not in FLOATS
        )


class Contract(NamedTuple):
    """What a model promises: its name and its signatures; the version is 0 where none is known."""

    model_name: str
    signatures: Tuple[Signature, ...]
    version: int = 0

    @property
    def names(self) -> Tuple[str, ...]:
        """The names of the signatures, in the contract's order."""
        return tuple(signature.name for signature in self.signatures)


class Tensor(NamedTuple):
    """An array with the dtype that it was declared with on the wire.

    ``dtype`` distinguishes what NumPy does not: bfloat16 from float32, qint8 from int8.
    """

    dtype: str
    array: np.ndarray

    def __str__(self) -> str:
        return self.dtype + shape_text(self.array.shape)


class MapArray(NamedTuple):
    """An array, most often a list, of maps: ``array`` is of objects, which are mappings."""

    array: np.ndarray

    def __str__(self) -> str:
        return MAP + shape_text(self.array.shape)


# A map arrives as a mapping of tensors, which may hold maps again.
Value = Union[Tensor, MapArray, Mapping[str, "Value"]]


def shape_text(shape: Shape) -> str:
    """Write a shape as messages show it: ``[-1, 4]``, ``[]`` for a scalar, ``[...]`` for any."""
    return "[...]" if shape is None else str(list(shape))


@lru_cache(maxsize=64)
def dtype_name(dtype: "np.dtype[np.generic]") -> str:
    """Name a NumPy dtype as contracts do.

    Raises:
        TypeError: no declared dtype stands for it (for instance datetime64).
    """
    if dtype.kind in "OSU":
        return STRING
    name = dtype.name  # NumPy makes it up anew each time, slowly
    if name in NUMPY_DTYPES:
        return name
    raise TypeError(f"no tensor type stands for NumPy's {name}")
