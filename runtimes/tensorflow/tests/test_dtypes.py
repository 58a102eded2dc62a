"""Every dtype goes through a graph and comes back as it was."""

import numpy as np
import pytest

from serving_runtime import validation
from serving_runtime.signature import NUMPY_DTYPES, STRING, Tensor
from tensorflow_runtime import loader
from tensorflow_runtime.framework import VERSION, tf
from tensorflow_runtime.signatures import dtype_name


def _is_served(dtype):
    try:
        return bool(dtype_name(tf.as_dtype(dtype).as_datatype_enum))
    except TypeError:
        return False


# Not every version has all of them: 1.4 has neither larger unsigned integers nor bfloat16.
SERVED = sorted(name for name in set(NUMPY_DTYPES) - {STRING} if _is_served(name))


def _answer(model, array):
    return model.predict("serving_default", {"x": array})["y"]


@pytest.mark.parametrize("dtype", SERVED)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1, 2)], ids=str)
def test_numbers_come_back_as_they_were(identity, files, dtype, shape):
    """The graph's answer passes common's check with its dtype, shape and values."""
    model = identity(tf.as_dtype(dtype))
    count = int(np.prod(shape))
    sent = (np.arange(count) % 2).reshape(shape).astype(NUMPY_DTYPES[dtype])
    answer = _answer(model, sent.copy())
    (signature,) = loader.infer_contract(files).signatures
    assert signature.inputs[0].dtype == dtype
    received = validation.validate_outputs(signature, {"y": answer})["y"]
    assert received.dtype == dtype
    assert received.array.dtype == NUMPY_DTYPES[dtype]
    np.testing.assert_array_equal(received.array, sent)


def test_what_is_served():
    """Since 1.7 it is everything that a request can carry."""
    missing = set(NUMPY_DTYPES) - {STRING} - set(SERVED)
    assert missing <= ({"uint32", "uint64", "bfloat16"} if VERSION < (1, 7) else set())


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int8", [-128, 127]), ("uint16", [0, 65535]), ("int64", [-(2**63), 2**63 - 1]),
        ("qint8", [-128, 127]), ("quint8", [0, 255]), ("qint32", [-(2**31), 2**31 - 1]),
        ("float16", [65504, -0.0]), ("float64", [1e300, float("inf")]),
        ("complex64", [1 + 2j, -3j]), ("bool", [True, False]),
    ],
)  # fmt: skip
def test_extreme_values_come_back(identity, dtype, values):
    """The ends of each range survive."""
    sent = np.array(values, NUMPY_DTYPES[dtype])
    np.testing.assert_array_equal(_answer(identity(tf.as_dtype(dtype)), sent), sent)


def test_bfloat16_is_rounded(identity):
    """Common has float32 for it; a value between two of its numbers becomes one of them."""
    if "bfloat16" not in SERVED:
        pytest.skip("this TensorFlow cannot be fed with bfloat16")
    sent = np.array([1.5, -3e38, 1.003], np.float32)
    answer = _answer(identity(tf.bfloat16), sent)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, sent, rtol=2**-7)


@pytest.mark.parametrize("strings", [b"a\0b\0", [], [b"", b"\0", b"\xff\0"], [[b"x"], [b"y\0\0"]]])
def test_strings_keep_their_nuls(identity, strings):
    """Strings are bytes of any content, a scalar as well."""
    sent = np.array(strings, dtype=object)
    answer = _answer(identity(tf.string), sent)
    assert answer.dtype == object
    assert answer.shape == sent.shape
    assert answer.tolist() == sent.tolist()


def test_the_answer_is_a_plain_array(identity):
    """Scalars come as arrays too, so that nothing depends on NumPy's scalar types."""
    for dtype in ("float32", "bool", "qint8"):
        answer = _answer(identity(tf.as_dtype(dtype)), np.zeros((), NUMPY_DTYPES[dtype]))
        assert type(answer) is np.ndarray
        assert answer.shape == ()
        assert Tensor(dtype, answer).array.dtype == NUMPY_DTYPES[dtype]
