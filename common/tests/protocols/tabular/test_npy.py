import io

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, RequestOverBudget
from serving_runtime.protocols.tabular import npy
from serving_runtime.signature import Field, Signature

ONE = Signature("one", (Field("x", "float32", (-1, 2)),), ())
TWO = Signature("two", (Field("a", "float32", (-1,)), Field("b", "int64", (-1,))), ())
BUDGET = 1 << 20


def saved(array):
    """Return an array's file, as NumPy writes it."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def read(array, signature=ONE):
    """Return the inputs that are read of an array's file, or of bytes."""
    payload = array if isinstance(array, bytes) else saved(array)
    return npy.read(payload, signature, BUDGET)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2), "f4"),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3, "u1"),
        np.empty((0, 3)),
        np.array([1, 2], ">i4"),
        np.array([True]),
        np.array([1 + 2j]),
        np.arange(24, dtype="f2").reshape(2, 3, 4),
    ],
    ids=lambda it: f"{it.dtype}{list(it.shape)}",
)
def test_an_array_is_the_only_input(array):
    """In its own dtype and shape, whatever the order of its bytes and axes."""
    tensor = read(array)["x"]
    assert tensor.dtype == array.dtype.newbyteorder("=").name
    assert tensor.array.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(tensor.array, array)
    assert tensor.array.shape == array.shape


def test_texts_are_bytes():
    """NumPy's own texts, which have a fixed width in the file."""
    assert read(np.array(["a", "bü"]))["x"].array.tolist() == [b"a", "bü".encode()]
    assert read(np.array([b"a", b"\xff"]))["x"].array.tolist() == [b"a", b"\xff"]


def test_columns_are_inputs():
    """In the contract's order, or by the names of a structured array."""
    found = read(np.array([[1, 2], [3, 4]]), TWO)
    assert {name: it.array.tolist() for name, it in found.items()} == {"a": [1, 3], "b": [2, 4]}
    named = np.array([(2, 1.5)], dtype=[("b", "i8"), ("a", "f4")])
    found = read(named, TWO)
    assert {name: it.array.tolist() for name, it in found.items()} == {"a": [1.5], "b": [2]}


GOOD = saved(np.zeros(3))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", "no file of NumPy's"),
        (b"1,2\n3,4\n", "no file of NumPy's"),
        (GOOD[:7], "no file of NumPy's"),
        (GOOD[:20], "no file of NumPy's"),
        (GOOD[:-1], r"23 bytes of values, but float64\[3\] are 24"),
        (GOOD + b"1", "25 bytes of values"),
        (GOOD.replace(b"(3,)", b"(3.)"), "no file of NumPy's"),
        (GOOD.replace(b"(3,)", b"(-3)"), "no file of NumPy's|negative"),
        (GOOD.replace(b"<f8", b"|O8"), "Python objects|no file"),
        (GOOD.replace(b"<f8", b"<M8"), "no input is|no file"),
        (GOOD.replace(b"NUMPY\x01", b"NUMPY\x09"), "no file of NumPy's"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "4294967295 bytes, more than 10000"),
        (b"\x93NUMPY\x01\x00" + (5000).to_bytes(2, "little") + b"(" * 5000, "no file of NumPy's"),
    ],
)
def test_what_is_no_such_file_is_refused(payload, expected):
    """Cut short, longer, of Python's objects, or with a header that is none."""
    with pytest.raises(InvalidInput, match=expected):
        read(payload)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 3)), np.zeros((2, 2, 2))])
def test_another_number_of_columns_is_refused(array):
    """Which inputs there are is said."""
    with pytest.raises(InvalidInput, match=r"expected are the columns a, b, as \[-1, 2\]"):
        read(array, TWO)


def test_rows_without_columns_have_a_budget():
    """They cost the client nothing, and the model for each."""
    header = GOOD.replace(b"(3,)", b"(99999999,0)")[: len(GOOD) - 24 + 8]
    payload = header[:8] + (len(header) - 10).to_bytes(2, "little") + header[10:]
    with pytest.raises(RequestOverBudget, match="RUNTIME_MAX_EXPANDED_BYTES"):
        read(payload)


def test_what_is_written_is_read():
    """As NumPy reads it."""
    array = np.array([[1.5, 2]], "f4")
    assert np.array_equal(np.load(io.BytesIO(npy.write(array))), array)
