import numpy as np
import pytest

from serving_runtime.signature import (
    NUMPY_DTYPES,
    Contract,
    Field,
    Signature,
    Tensor,
    dtype_name,
    shape_text,
)


def signature(inputs, outputs):
    """Make a signature of fields' dtypes and shapes."""
    return Signature(
        "s",
        tuple(Field(f"x{index}", *parts) for index, parts in enumerate(inputs)),
        tuple(Field(f"y{index}", *parts) for index, parts in enumerate(outputs)),
    )


ROWS = ("float32", (-1, 4))


@pytest.mark.parametrize(
    ("shape", "text"), [(None, "[...]"), ((), "[]"), ((-1, 4), "[-1, 4]"), ((0,), "[0]")]
)
def test_shapes_are_written_as_messages_show_them(shape, text):
    """A scalar and any shape must look different."""
    assert shape_text(shape) == text


def test_fields_and_tensors_are_written_alike():
    """Messages put what was expected beside what came."""
    assert str(Field("x", *ROWS)) == "float32[-1, 4]"
    assert str(Tensor("bfloat16", np.zeros((2, 4), np.float32))) == "bfloat16[2, 4]"


@pytest.mark.parametrize(
    ("shape", "free"),
    [((-1,), True), ((-1, 4), True), ((1, -1), False), ((), False), (None, False)],
)
def test_free_first_axis(shape, free):
    """Only a first axis of -1 can be stacked along."""
    assert Field("x", "int8", shape).has_free_first_axis is free


@pytest.mark.parametrize(
    ("inputs", "outputs", "stackable"),
    [
        ([ROWS], [ROWS], True),
        ([ROWS, ("string", (-1,))], [ROWS, ROWS], True),
        ([ROWS], [("float32", (4,))], False),
        ([ROWS, ("float32", ())], [ROWS], False),
        ([("float32", None)], [ROWS], False),
        ([], [ROWS], False),
    ],
)
def test_stackable_if_every_field_has_rows(inputs, outputs, stackable):
    """One field without rows, or no inputs to count, and each request runs alone."""
    assert signature(inputs, outputs).is_stackable is stackable


@pytest.mark.parametrize("dtype", ["map", "any"])
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_what_may_be_a_map_is_never_stacked(dtype, side):
    """A map is a dict of arrays: it has no rows to join, whatever shape the contract claims."""
    sides = {"inputs": [ROWS], "outputs": [ROWS]}
    sides[side] = [(dtype, (-1,))]
    assert not signature(**sides).is_stackable


def test_contract_lists_its_names_in_order():
    """Messages list them as the contract has them."""
    contract = Contract("m", tuple(Signature(name, (), ()) for name in "ba"))
    assert contract.names == ("b", "a")


@pytest.mark.parametrize(
    "name", [name for name in NUMPY_DTYPES if name not in ("bfloat16", "string")]
)
def test_numpy_dtypes_have_the_contracts_names(name):
    """An array's dtype is named as a contract would declare it; byte order is no matter."""
    dtype = NUMPY_DTYPES[name]
    assert NUMPY_DTYPES[dtype_name(dtype)] == dtype
    assert dtype_name(dtype.newbyteorder(">")) == dtype_name(dtype)


@pytest.mark.parametrize("dtype", ["O", "S3", "U3"])
def test_numpys_strings_are_strings(dtype):
    """All three kinds of text arrays are one declared dtype."""
    assert dtype_name(np.dtype(dtype)) == "string"


@pytest.mark.parametrize("dtype", ["datetime64[s]", "timedelta64[s]", "V3"])
def test_other_dtypes_have_no_name(dtype):
    """What no tensor type stands for is a TypeError that names it."""
    with pytest.raises(TypeError, match="no tensor type stands for NumPy's"):
        dtype_name(np.dtype(dtype))
