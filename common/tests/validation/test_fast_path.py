import numpy as np
import pytest

from serving_runtime.signature import ANY, MAP, NUMPY_DTYPES, Field, Signature, Tensor
from serving_runtime.validation import fast_path, validate_inputs, validate_outputs

ROWS = Field("x", "float32", (-1, 2))
OWN = sorted(name for name, dtype in NUMPY_DTYPES.items() if dtype.name == name)
OTHERS = sorted(set(NUMPY_DTYPES) - set(OWN))


def tensor(array, dtype=None):
    """Return an array as it comes from the wire."""
    return Tensor(dtype or array.dtype.name, array)


@pytest.mark.parametrize("dtype", OWN)
def test_array_of_the_declared_dtype_is_passed(dtype):
    """The model gets it itself, and so does the caller."""
    field, array = Field("x", dtype, (-1, 2)), np.ones((3, 2), dtype)
    assert fast_path.inputs([field], {"x": tensor(array)})["x"] is array
    found = fast_path.outputs([field], {"x": array, "beside": 1})
    assert list(found) == ["x"]
    assert found["x"] == (dtype, array)


@pytest.mark.parametrize("dtype", OTHERS)
def test_dtype_that_numpy_lacks_is_left_to_the_checks(dtype):
    """An array does not tell that it is of it: float32 may be too large for bfloat16."""
    field, array = Field("x", dtype, (-1,)), np.ones(3, NUMPY_DTYPES[dtype])
    assert fast_path.inputs([field], {"x": tensor(array, dtype)}) is None
    assert fast_path.outputs([field], {"x": array}) is None


def frozen(array):
    """Return the array as a message's bytes give it."""
    array.flags.writeable = False
    return array


def unaligned(array):
    """Return the array from an odd address."""
    buffer = bytearray(b"?" + array.tobytes())
    return np.ndarray(array.shape, array.dtype, buffer, 1)


@pytest.mark.parametrize("change", [frozen, unaligned, np.asfortranarray])
def test_what_the_model_could_not_write_to_is_copied(change):
    """It gets arrays that are its own, aligned and contiguous."""
    array = change(np.arange(6, dtype=np.float32).reshape(3, 2))
    found = fast_path.inputs([ROWS], {"x": tensor(array)})["x"]
    assert found.flags.carray
    assert not np.shares_memory(found, array)
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"y": tensor(np.ones((1, 2), "f4"))},
        {"x": tensor(np.ones((1, 2), "f4")), "y": tensor(np.ones((1, 2), "f4"))},
        {"x": tensor(np.ones((1, 2), "f8"))},
        {"x": tensor(np.ones((1, 2), "f4"), "bfloat16")},
        {"x": tensor(np.ones((1, 2), ">f4"))},
        {"x": tensor(np.ones((1, 3), "f4"))},
        {"x": tensor(np.ones(2, "f4"))},
        {"x": {"part": tensor(np.ones((1, 2), "f4"))}},
    ],
)
def test_whatever_differs_is_left_to_the_checks(tensors):
    """They know what can be converted, and what to say."""
    assert fast_path.inputs([ROWS], tensors) is None


@pytest.mark.parametrize("dtype", [ANY, MAP])
def test_fields_that_may_be_maps_are_left_to_the_checks(dtype):
    """What is of any dtype is sent in its own."""
    field, array = Field("x", dtype), np.ones(2)
    assert fast_path.inputs([field], {"x": tensor(array)}) is None
    assert fast_path.outputs([field], {"x": array}) is None


class Derived(np.ndarray):
    """May do anything when it is sliced."""


@pytest.mark.parametrize(
    "results",
    [
        None,
        [("x", np.ones((1, 2), "f4"))],
        {},
        {"x": [[1.0, 2.0]]},
        {"x": np.float32(1)},
        {"x": np.ones((1, 2), "f8")},
        {"x": np.ones((1, 2), ">f4")},
        {"x": np.ones((2, 1), "f4")},
        {"x": np.ones((1, 2), "f4").view(Derived)},
    ],
)
def test_results_that_differ_are_left_to_the_checks(results):
    """They make arrays of what can be one."""
    assert fast_path.outputs([ROWS], results) is None


@pytest.mark.parametrize("rows", [1, 2])
def test_inputs_of_different_numbers_of_rows_are_left_to_the_checks(rows):
    """An input without rows does not count."""
    fields = [ROWS, ROWS._replace(name="y"), Field("z", "float32", (3,))]
    tensors = {name: tensor(np.ones((2, 2), "f4")) for name in "xyz"}
    tensors["y"] = tensor(np.ones((rows, 2), "f4"))
    tensors["z"] = tensor(np.ones(3, "f4"))
    assert (fast_path.inputs(fields, tensors) is not None) == (rows == 2)


def test_checks_pass_at_once_what_is_exact():
    """Nothing is made of it but what is handed on."""
    array = np.ones((1, 2), "f4")
    signature = Signature("s", (ROWS,), (ROWS._replace(name="y"),))
    assert validate_inputs(signature, {"x": tensor(array)}, "strict", str)["x"] is array
    assert validate_outputs(signature, {"y": array})["y"].array is array
