import json

import numpy as np
import pytest

from serving_runtime.protocols.json import writing
from serving_runtime.signature import NUMPY_DTYPES, STRING

pytestmark = pytest.mark.usefixtures("each_row")
NUMBERS = sorted(set(NUMPY_DTYPES) - {STRING, "complex64", "complex128"})


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1,), (6,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_arrays_are_written_as_nested_lists(dtype, shape):
    """Each dtype comes back in its shape, with the same values."""
    count = int(np.prod(shape))
    array = np.arange(count).reshape(shape).astype(NUMPY_DTYPES[dtype])
    assert json.loads(writing.numbers(array, False).decode()) == array.tolist()


def test_views_are_written_like_copies():
    """Strides and foreign byte orders make no difference."""
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    for view in (array, array.astype(">f4")):
        assert json.loads(writing.numbers(view, False).decode()) == array.tolist()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_written_in_their_shortest_form(dtype):
    """A float is written in no more digits than it takes, and read as the same again."""
    array = np.array([0.1, 1 / 3, -0.0, 1e-7, 65504], dtype)
    text = writing.numbers(array, False)
    read = np.array(json.loads(text.decode()), "float64").astype(dtype)
    assert read.tobytes() == array.tobytes()
    if dtype == "float32":
        assert b"0.1," in text
        assert b"0.33333334," in text


def test_integers_keep_all_their_digits():
    """Integers beyond 2**53 are written as they are."""
    array = np.array([2**64 - 1, 2**53 + 1], np.uint64)
    assert writing.numbers(array, False) == b"[18446744073709551615,9007199254740993]"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_no_number_is_null_or_a_token(dtype):
    """NaN is null, or a bare token as infinities are."""
    array = np.array([[1.5, np.nan]], dtype)
    assert writing.numbers(array, False) == b"[[1.5,null]]"
    array = np.array([np.nan, np.inf, -np.inf], dtype)
    assert writing.numbers(array, True) == b"[NaN,Infinity,-Infinity]"
    assert writing.numbers(np.array(np.nan, dtype), False) == b"null"


def test_an_infinity_is_refused_by_its_place():
    """Where there is no token, an infinity cannot be written, and the error says where it is."""
    with pytest.raises(writing.NoJson, match=r"\[1\]\[0\] is -Infinity"):
        writing.numbers(np.array([[0], [-np.inf]], np.float32), False)


def test_texts_are_decoded_in_their_shape():
    """Strings become texts; one that is no UTF-8 is refused by its place."""
    array = np.array([[b"a", "ä".encode()]], object)
    assert writing.texts(array) == [["a", "ä"]]
    with pytest.raises(writing.NoJson, match=r"\[0\] is no UTF-8 \(invalid start byte\)"):
        writing.texts(np.array([b"\xff"], object))


def test_plain_values_are_written_compactly():
    """What is no array is written without blanks, in UTF-8."""
    assert writing.plain({"ä": [1, "x"], "b": None}) == '{"ä":[1,"x"],"b":null}'.encode()
