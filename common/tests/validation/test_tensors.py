import numpy as np
import pytest

from serving_runtime.signature import Tensor
from serving_runtime.validation.tensors import NotATensor, as_declared, as_tensor


@pytest.mark.parametrize(
    ("result", "dtype", "shape"),
    [
        (1.5, "float64", ()),
        (True, "bool", ()),
        ([[1, 2], [3, 4]], "int64", (2, 2)),
        (np.float32(1), "float32", ()),
        (np.zeros((2, 0), np.int8), "int8", (2, 0)),
        (1 + 2j, "complex128", ()),
        (np.array([1, 2], ">f4"), "float32", (2,)),
    ],
)
def test_numbers_become_arrays(result, dtype, shape):
    """Scalars, lists and arrays are all tensors, with NumPy's own idea of their dtype."""
    tensor = as_tensor(result, "any")
    assert tensor.dtype == dtype
    assert tensor.array.shape == shape


@pytest.mark.parametrize(
    "result",
    ["a\0", b"a\0", np.array("a\0", object), np.array(b"a\0", object)],
)
def test_a_string_is_a_scalar_of_bytes(result):
    """Text is encoded as UTF-8, and a trailing NUL survives."""
    tensor = as_tensor(result, "string")
    assert tensor.dtype == "string"
    assert tensor.array.shape == ()
    assert tensor.array.item() == b"a\0"


@pytest.mark.parametrize(
    "result",
    [
        [["é", "b"]],
        np.array([["é", "b"]]),
        np.array([["é", "b"]], object),
        [["é".encode(), b"b"]],
        (("é", "b"),),
    ],
)
def test_lists_of_strings_keep_their_shape(result):
    """Lists, fixed-width arrays and object arrays of strings all become bytes objects."""
    tensor = as_tensor(result, "string")
    assert tensor.array.dtype == object
    assert tensor.array.tolist() == [["é".encode(), b"b"]]


@pytest.mark.parametrize("dtype", ["int64", "bool", "string", "complex64", "qint8"])
def test_an_empty_list_is_of_the_declared_dtype(dtype):
    """NumPy calls it float64, which the model cannot have meant."""
    tensor = as_tensor([], dtype)
    assert tensor.dtype == dtype
    assert tensor.array.shape == (0,)


@pytest.mark.parametrize("value", [np.zeros((2, 0)), np.zeros((2, 0), "M8[s]"), [[], []]])
def test_an_empty_array_is_of_the_declared_dtype_too(value):
    """No value of it is of another, and NumPy's own choice, float64, says nothing."""
    tensor = as_tensor(value, "int64")
    assert (str(tensor), tensor.array.dtype) == ("int64[2, 0]", np.int64)
    assert as_tensor(np.zeros(0), "any").dtype == "float64"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, "objects of type NoneType"),
        ({1, 2}, "objects of type set"),
        (["a", 1], "objects of types int and str"),
        ([True, None], "bools with a missing value"),
        (
            [2**64],
            "integers from 18446744073709551616 to 18446744073709551616, which no 64-bit "
            "type holds",
        ),
        (
            [10**1000],
            "integers from one of many digits to one of many digits, which no 64-bit type holds",
        ),
        (np.array(["2020-01-01"], "datetime64[D]"), "an array of NumPy's datetime64[D]"),
        ("\ud800", "a string that UTF-8 cannot encode (surrogates not allowed)"),
    ],
)
def test_what_is_no_tensor_is_said(result, text):
    """The text says what the result is, in place of a dtype."""
    with pytest.raises(NotATensor) as error:
        as_tensor(result, "float32")
    assert str(error.value) == text


@pytest.mark.parametrize("result", [[[1, 2], [3]], [["a"], ["b", "c"]], [np.zeros(2), np.zeros(3)]])
def test_ragged_lists_are_no_tensors(result):
    """Rows of different lengths are refused by every NumPy, with or without its warning."""
    with pytest.raises(NotATensor, match="no array|objects of type"):
        as_tensor(result, "float32")


def test_an_array_that_cannot_be_had_is_no_tensor():
    """What __array__ refuses, such as a PyTorch tensor that needs a gradient, is told."""

    class Graph:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("call detach() first")

    with pytest.raises(NotATensor, match="a Graph that is no array .call detach.. first."):
        as_tensor(Graph(), "float32")


@pytest.mark.skipif(
    not hasattr(getattr(np, "dtypes", None), "StringDType"), reason="its strings are of NumPy 2"
)
def test_strings_of_any_length_are_text():
    """NumPy 2 has a dtype for them, which may have missing ones."""
    dtype = np.dtypes.StringDType
    assert as_tensor(np.array(["é", "a\0"], dtype()), "any").array.tolist() == [
        "é".encode(),
        b"a\0",
    ]
    with pytest.raises(NotATensor, match="strings with a missing value"):
        as_tensor(np.array(["a", None], dtype(na_object=None)), "any")


def test_a_list_that_holds_itself_is_no_tensor():
    """It has no end."""
    endless = []
    endless.append(endless)
    with pytest.raises(NotATensor):
        as_tensor(endless, "float32")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "qint8", "uint64", "complex64"])
def test_what_is_declared_is_made(dtype):
    """An array of a near dtype becomes what its tensor says, as the service would do."""
    tensor = as_declared(
        Tensor(
            dtype,
            np.array([1, 2], ">i4" if "int" in dtype else ">f8")
            if dtype != "complex64"
            else np.array([1, 2], ">c16"),
        )
    )
    assert (str(tensor), tensor.array.tolist()) == (f"{dtype}[2]", [1, 2])
    assert tensor.array.dtype.isnative


@pytest.mark.parametrize(
    ("dtype", "values", "text"),
    [
        ("int8", [300], "int64[1] as int8 (300 does not fit int8 (-128 to 127))"),
        ("int8", [1.5], "float64[1] as int8 (float64 is not cast to int8)"),
        ("string", [1], "int64[1] as string (int64 is not cast to string)"),
    ],
)
def test_what_is_declared_must_hold_the_values(dtype, values, text):
    """No value is lost unseen."""
    with pytest.raises(NotATensor) as error:
        as_declared(Tensor(dtype, np.array(values)))
    assert str(error.value) == text
