import numpy as np
import pytest

from serving_runtime.contract.samples import sample_inputs
from serving_runtime.errors import LoadError
from serving_runtime.signature import NUMPY_DTYPES, Field, Signature


def samples(*fields):
    """Return the sample inputs of a signature that takes these fields."""
    return sample_inputs(Signature("predict", fields, (Field("y", "int8"),)))


@pytest.mark.parametrize("dtype", sorted(set(NUMPY_DTYPES) - {"string"}))
def test_zeros(dtype):
    """Numbers are zeros of the declared dtype, and a free dimension has size 1."""
    sample = samples(Field("x", dtype, (-1, 3)))["x"]
    assert sample.dtype == dtype
    assert sample.array.dtype == NUMPY_DTYPES[dtype]
    assert sample.array.shape == (1, 3)
    assert not sample.array.any()


@pytest.mark.parametrize("shape", [(), None])
def test_scalars(shape):
    """A scalar, or a field of any shape, is a scalar."""
    assert samples(Field("x", "int64", shape))["x"].array.shape == ()


@pytest.mark.parametrize("shape", [(), (2,), (0, 4)])
def test_strings(shape):
    """Strings are empty, as the bytes that arrive on the wire."""
    array = samples(Field("x", "string", shape))["x"].array
    assert array.dtype == np.dtype(object)
    assert array.shape == shape
    assert all(value == b"" for value in array.ravel())


def test_any():
    """A field of any dtype is float32."""
    assert samples(Field("x", "any", (2,)))["x"].array.dtype == np.float32


def test_maps():
    """Maps hold samples of their subfields, to any depth."""
    inner = Field("inner", "map", None, (Field("a", "bool", ()),))
    sample = samples(Field("x", "map", None, (inner, Field("b", "int8", (1,)))))["x"]
    assert sample["inner"]["a"].dtype == "bool"
    assert sample["b"].array.shape == (1,)
    assert samples(Field("x", "map"))["x"] == {}


@pytest.mark.parametrize(
    ("field", "value", "dtype", "expected"),
    [
        (Field("x", "string", (-1,)), "Oslo", "string", [b"Oslo"]),
        (Field("x", "string", ()), "ü", "string", "ü".encode()),
        (Field("x", "string", (-1, 2)), ("a", "b"), "string", [[b"a", b"b"]]),
        (Field("x", "any", (-1,)), "Oslo", "string", [b"Oslo"]),
        (Field("x", "any"), 2, "float32", 2.0),
        (Field("x", "int64", (2,)), 3, "int64", [3, 3]),
        (Field("x", "bool", (-1,)), True, "bool", [True]),
    ],
    ids=str,
)
def test_what_a_model_is_known_to_take(field, value, dtype, expected):
    """It stands in every place, or along the last axis; other inputs are zeros as ever."""
    other = Field("other", "int8", (-1,))
    found = sample_inputs(Signature("predict", (other, field), (), samples=(("x", value),)))
    assert list(found) == ["other", "x"]
    assert found["other"].array.tolist() == [0]
    assert found["x"].dtype == dtype
    assert found["x"].array.dtype == NUMPY_DTYPES[dtype]
    assert found["x"].array.tolist() == expected


def test_arrays_of_maps():
    """A free dimension has one, a fixed one as many as it says; too many are refused."""
    field = Field("x", "map", (-1,), (Field("a", "bool", ()),))
    assert str(samples(field)["x"]) == "map[1]"
    sample = samples(field._replace(shape=(2, 3)))["x"]
    assert str(sample) == "map[2, 3]"
    assert sample.array[1, 2]["a"].dtype == "bool"
    with pytest.raises(LoadError, match="cannot be sent"):
        samples(field._replace(shape=(2**31,)))


def test_no_inputs():
    """A signature without inputs gets none."""
    assert samples() == {}


def test_too_large():
    """What no message can carry is refused before it is allocated, also where sizes overflow."""
    with pytest.raises(LoadError, match=r'input "x" cannot be sent: int8\[2147483648\] takes'):
        samples(Field("x", "int8", (2**31,)))
    with pytest.raises(LoadError, match="cannot be sent"):
        samples(Field("x", "int8", (2**32, 2**32)))
