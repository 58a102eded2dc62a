import fractions
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.signature import NUMPY_DTYPES, Tensor, dtype_name
from serving_runtime.validation.casts import CastError, convert, is_allowed

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
EXAMPLES = {"b": True, "i": 1, "u": 1, "f": 1.0, "c": 1j, "O": b"a"}


def tensor(values, dtype):
    """Declare an array in NumPy's dtype."""
    return Tensor(dtype, np.array(values, NUMPY_DTYPES[dtype]))


def example(dtype):
    """Return a tensor of one value that any dtype of the kind can hold."""
    return tensor([EXAMPLES[NUMPY_DTYPES[dtype].kind]], dtype)


@pytest.mark.parametrize("policy", ["same_kind", "strict"])
@pytest.mark.parametrize("dtype", sorted(NUMPY_DTYPES))
def test_the_same_dtype_is_handed_on_as_it_is(dtype, policy):
    """No copy is made of an array that already is what was declared."""
    given_tensor = example(dtype)
    assert convert(given_tensor, dtype, policy) is given_tensor.array


@pytest.mark.parametrize("dtype", sorted(NUMPY_DTYPES))
def test_any_takes_every_dtype(dtype):
    """A field that declares any gets the array as it came, even if casts are off."""
    given_tensor = example(dtype)
    assert convert(given_tensor, "any", "strict") is given_tensor.array


@pytest.mark.parametrize("have", sorted(NUMPY_DTYPES))
@pytest.mark.parametrize("want", sorted(NUMPY_DTYPES))
def test_only_integers_become_another_kind(have, want):
    """Between kinds nothing is cast but integers to floats; within one everything is."""
    kinds = {"b": "b", "i": "i", "u": "i", "f": "f", "c": "c", "O": "O"}
    pair = kinds[NUMPY_DTYPES[have].kind], kinds[NUMPY_DTYPES[want].kind]
    allowed = pair[0] == pair[1] or pair == ("i", "f")
    assert is_allowed(have, want, "same_kind") == allowed
    if allowed:
        array = convert(example(have), want, "same_kind")
        assert array.dtype == NUMPY_DTYPES[want]
        assert array.tolist() == example(have).array.tolist()
    else:
        with pytest.raises(CastError, match=f"{have} is not cast to {want}"):
            convert(example(have), want, "same_kind")


@pytest.mark.parametrize(("have", "want"), [("int8", "qint8"), ("float32", "float64")])
def test_strict_refuses_every_other_dtype(have, want):
    """Even a quantised type and its integer are two dtypes."""
    with pytest.raises(CastError):
        convert(example(have), want, "strict")


@given(st.data(), st.sampled_from(INTEGERS), st.sampled_from([*INTEGERS, "qint8", "quint16"]))
def test_integers_fit_or_are_refused(data, have, want):
    """Every value is kept, or one that is not in range is named."""
    info, limits = np.iinfo(NUMPY_DTYPES[have]), np.iinfo(NUMPY_DTYPES[want])
    values = data.draw(st.lists(st.integers(int(info.min), int(info.max)), max_size=4))
    outside = [value for value in values if not limits.min <= value <= limits.max]
    if outside:
        with pytest.raises(CastError) as error:
            convert(tensor(values, have), want, "same_kind")
        assert int(str(error.value).split()[0]) in outside
    else:
        assert convert(tensor(values, have), want, "same_kind").tolist() == values


def holds(integer, dtype):
    """Return, by exact arithmetic, whether a float of the dtype can be the integer."""
    bits = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}[dtype]
    size = abs(integer)
    while size and size % 2 == 0:
        size //= 2
    return size < 2**bits and (dtype != "float16" or abs(integer) <= 65504)


@given(st.data(), st.sampled_from(INTEGERS), st.sampled_from(FLOATS))
def test_integers_become_floats_only_without_loss(data, have, want):
    """A float stands for an integer if it is exactly that, beyond 2**53 too."""
    info = np.iinfo(NUMPY_DTYPES[have])
    near_powers = st.builds(
        lambda exponent, offset, sign: sign * 2**exponent + offset,
        st.integers(0, 64),
        st.integers(-3, 3),
        st.sampled_from([1, -1]),
    )
    anything = st.integers(int(info.min), int(info.max))
    inside = near_powers.filter(lambda value: info.min <= value <= info.max)
    values = data.draw(st.lists(anything | inside, max_size=4))
    lost = [value for value in values if not holds(value, want)]
    if lost:
        with pytest.raises(CastError, match=f"{lost[0]} is not exact in {want}"):
            convert(tensor(values, have), want, "same_kind")
    else:
        array = convert(tensor(values, have), want, "same_kind")
        assert [fractions.Fraction(float(value)) for value in array] == values


@pytest.mark.parametrize("want", ["float16", "bfloat16", "float32"])
def test_a_finite_value_must_not_become_infinite(want):
    """Infinities and NaNs pass, a number beyond the range is refused and named."""
    passing = tensor([np.inf, -np.inf, np.nan, 1e-300, 0.1], "float64")
    array = convert(passing, want, "same_kind")
    assert np.isposinf(array[0])
    assert np.isneginf(array[1])
    assert np.isnan(array[2])
    with pytest.raises(CastError, match=f"-1e\\+300 overflows {want} to infinity"):
        convert(tensor([1.0, -1e300], "float64"), want, "same_kind")


def test_bfloat16_holds_only_what_bfloat16_can():
    """The float32 array that stands for bfloat16 has its values rounded to that."""
    array = convert(tensor([1.00390625, 3.0], "float32"), "bfloat16", "same_kind")
    assert array.dtype == np.float32
    assert array.tolist() == [1.0, 3.0]


def test_the_largest_float32_does_not_fit_bfloat16():
    """Its range is nearly float32's, but not quite."""
    largest = np.finfo(np.float32).max
    with pytest.raises(CastError, match="overflows bfloat16"):
        convert(tensor([largest], "float32"), "bfloat16", "same_kind")


def test_complex_narrows_like_floats():
    """Both parts must stay finite."""
    narrowed = convert(tensor([1 + 2j, complex("inf")], "complex128"), "complex64", "same_kind")
    assert narrowed.dtype == np.complex64
    with pytest.raises(CastError, match="overflows complex64"):
        convert(tensor([complex(1, 1e300)], "complex128"), "complex64", "same_kind")


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 1, 2)])
@pytest.mark.parametrize(
    ("have", "want"),
    [("int64", "int8"), ("uint64", "float16"), ("float64", "bfloat16"), ("float64", "float16")],
)
def test_shapes_stay(shape, have, want):
    """Scalars and empty arrays are cast like any others."""
    array = convert(Tensor(have, np.zeros(shape, have)), want, "same_kind")
    assert array.shape == shape
    assert array.dtype == NUMPY_DTYPES[want]


def test_foreign_byte_order_becomes_native():
    """A big-endian result is the same dtype, in other bytes."""
    array = np.array([1, 2], ">i4")
    converted = convert(Tensor(dtype_name(array.dtype), array), "int32", "strict")
    assert converted.dtype == np.dtype(np.int32)
    assert converted.tolist() == [1, 2]


def test_signalling_nans_do_not_warn():
    """Widening one is no overflow, and nothing to warn of."""
    signalling = np.array([0x7FA00000], np.uint32).view(np.float32)
    assert np.isnan(convert(Tensor("float32", signalling), "float64", "same_kind")).all()


# Of each dtype what arithmetic may complain of: not a number, infinite, too small for a narrower
# dtype, and the ends of the range. Values that do not fit are looked for one by one.
ODD = {
    **{name: [0, np.iinfo(name).min, np.iinfo(name).max, 65504, 65520] for name in INTEGERS},
    "float16": [np.nan, np.inf, 6e-8, 65504.0],
    "float32": [np.nan, np.inf, 1e-45, 65504.0, 65520.0, 3e38],
    "float64": [np.nan, -np.inf, 5e-324, 1e-45, 3e38, 1e300],
    "bfloat16": [np.nan, np.inf, 1e-45, 3e38],
    "complex64": [complex(np.nan, np.inf), 1e-45j],
    "complex128": [complex(np.nan, np.inf), 5e-324j, 1e300],
}


def converted(value, have, want):
    """Return what becomes of a value, as text: a number, or why it does not fit."""
    try:
        return repr(convert(tensor([value], have), want, "same_kind").tolist())
    except CastError as error:
        return str(error)


@pytest.mark.parametrize("have", sorted(ODD))
def test_a_model_that_makes_numpy_raise_changes_no_cast(have):
    """Its `np.seterr` and its filter of warnings hold in the whole process."""
    fitting = [it for it in ODD[have] if "int" not in have or np.iinfo(have).max >= it]
    pairs = [(value, want) for value in fitting for want in sorted(ODD)]
    expected = [converted(value, have, want) for value, want in pairs]
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [converted(value, have, want) for value, want in pairs] == expected
