import numpy as np
import pytest

from serving_runtime.validation.results import NotATensor, as_tensor


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
    tensor = as_tensor(result, "float32")
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


def test_an_empty_array_keeps_its_own_dtype():
    """An array has a dtype of its own, and the contract's word on it comes later."""
    assert as_tensor(np.zeros(0, np.float64), "int64").dtype == "float64"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, "objects of type NoneType"),
        ({1, 2}, "objects of type set"),
        (["a", 1], "objects of type int"),
        ([1, None], "objects of type int"),
        ([2**70], "objects of type int"),
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
