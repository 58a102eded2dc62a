import decimal
import enum
import fractions

import numpy as np
import pytest

from serving_runtime.validation.objects import NotATensor, holds_integers, tensor_of_objects


class NAType:
    """Stands for a missing value, as tables have it."""


class Colour(str, enum.Enum):
    """A text that has a name."""

    RED = "red"


def objects(*values):
    """Return an array of objects."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (("a", b"b", np.str_("c"), Colour.RED), "string", [b"a", b"b", b"c", b"red"]),
        ((), "string", []),
        ((True, np.bool_(False)), "bool", [True, False]),
        ((1, np.uint8(2)), "int64", [1, 2]),
        ((0, 2**64 - 1), "uint64", [0, 2**64 - 1]),
        ((np.uint64(2**63), 1), "uint64", [2**63, 1]),
        ((1, 2.5, np.float32(0.5)), "float64", [1, 2.5, 0.5]),
        ((2**53, 0.5), "float64", [2**53, 0.5]),
        ((2**70, 0.5), "float64", [2**70, 0.5]),
        ((1, 2.5, 1j), "complex128", [1, 2.5, 1j]),
    ],
)
def test_values_of_one_dtype_are_of_it(values, dtype, expected):
    """Text, flags or numbers, whichever types they are written in, keep each value."""
    tensor = tensor_of_objects(objects(*values), "any")
    assert (tensor.dtype, tensor.array.tolist()) == (dtype, expected)


@pytest.mark.parametrize("missing", [None, NAType(), np.ma.masked], ids=["None", "NA", "masked"])
def test_missing_numbers_are_nan_where_there_is_one(missing):
    """Among floats, and where floats are declared; None alone is most likely a forgotten value."""
    for values, declared in (((1.5, missing), "any"), ((1, missing), "float32")):
        array = tensor_of_objects(objects(*values), declared).array
        assert array[0] == values[0]
        assert np.isnan(array[1])
    assert np.isnan(tensor_of_objects(objects(missing), "float64").array).all()
    for values, declared in (((1, missing), "int64"), (("a", missing), "string"),
                             ((True, missing), "float32"), ((missing,), "any")):  # fmt: skip
        with pytest.raises(NotATensor, match="missing value|objects of type"):
            tensor_of_objects(objects(*values), declared)
    alone = np.empty((), object)
    alone[()] = missing
    with pytest.raises(NotATensor, match="objects of type"):
        tensor_of_objects(alone, "float64")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (("a", 1), "objects of types int and str"),
        ((True, 1), "objects of types bool and int"),
        ((1.5, decimal.Decimal(1)), "objects of type Decimal"),
        ((fractions.Fraction(1),), "objects of type Fraction"),
        ((np.datetime64("2026"),), "objects of type datetime64"),
        ((2**53 + 1, 0.5), "numbers of which 9007199254740993 is not exact in float64"),
        ((2**53 + 1, 1j), "numbers of which 9007199254740993 is not exact in float64"),
        ((10**400, 0.5), "numbers of which one of many digits is not exact in float64"),
    ],
)
def test_values_of_no_one_dtype_are_named(values, text):
    """By their types, or by the number that would be rounded."""
    with pytest.raises(NotATensor) as error:
        tensor_of_objects(objects(*values), "any")
    assert str(error.value) == text


def test_integers_are_found_among_objects():
    """NumPy's own count, flags do not."""
    assert holds_integers(objects(1.5, np.int8(1)))
    assert not holds_integers(objects(1.5, True, "a"))
