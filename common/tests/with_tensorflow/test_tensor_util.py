import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.decoding import decode
from serving_runtime.protocols.protobuf.tensors.encoding import encode
from serving_runtime.signature import Tensor
from serving_runtime.validation import bfloat16

tf = pytest.importorskip("tensorflow")
tensor_util = pytest.importorskip("tensorflow.python.framework.tensor_util")

DTYPES = [
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
]
SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def ours(theirs):
    """Decode TensorFlow's message as it would come over the wire."""
    message = hs.TensorProto.FromString(theirs.SerializeToString())
    return decode(message, DecodeBudget(2**20))


def theirs(message):
    """Return what TensorFlow reads from our message, as its clients would."""
    proto = tf.make_tensor_proto(0)
    proto.ParseFromString(message.SerializeToString())
    return tf.make_ndarray(proto)


def typed(array, shape=None):
    """Make TensorFlow write typed fields, as it does by itself for single values only."""
    message = tf.make_tensor_proto(np.zeros(0, array.dtype), shape=shape or array.shape)
    tensor_util.GetNumpyAppendFn(array.dtype)(message, array.ravel())
    return message


def drawn(data, dtype):
    """Draw an array without NaNs, whose bits Python's floats may change."""
    elements = {"allow_nan": False} if np.dtype(dtype).kind in "fc" else {}
    strategy = npst.from_dtype(np.dtype(dtype), **elements)
    return data.draw(npst.arrays(dtype, SHAPES, elements=strategy))


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_raw_bytes_read_as_tensorflow_reads_them(dtype, data):
    """An array that TensorFlow writes is the array that we read."""
    array = drawn(data, dtype)
    tensor = ours(tf.make_tensor_proto(array))
    assert tensor.dtype == dtype
    assert tensor.array.shape == array.shape
    assert tensor.array.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_typed_fields_read_as_tensorflow_reads_them(dtype, data):
    """The values that TensorFlow writes into typed fields are what we read from them."""
    array = drawn(data, dtype)
    message = typed(array)
    assert not message.tensor_content
    tensor = ours(message)
    assert tensor.dtype == dtype
    assert tensor.array.shape == array.shape
    np.testing.assert_array_equal(tensor.array, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_short_lists_are_continued_as_tensorflow_does(dtype):
    """The last value fills the rest of the shape."""
    for count in (1, 2):
        message = typed(np.arange(count).astype(dtype), shape=[5])
        np.testing.assert_array_equal(ours(message).array, tf.make_ndarray(message))


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_tensorflow_reads_what_we_write(dtype, as_content, data):
    """Both encodings of a reply are the same array to TensorFlow's clients."""
    array = drawn(data, dtype)
    read = theirs(encode(Tensor(dtype, array), as_content))
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("as_content", [True, False])
def test_bfloat16_is_the_same_to_both(as_content):
    """Bit patterns go over and come back, in raw bytes and in half_val."""
    array = bfloat16.from_bits(np.array([0x3F80, 0xC049, 0x7F80, 0], np.uint16))
    message = encode(Tensor("bfloat16", array), as_content)
    read = theirs(message)
    assert read.dtype == tf.bfloat16.as_numpy_dtype
    np.testing.assert_array_equal(read.astype(np.float32), array)
    np.testing.assert_array_equal(ours(tf.make_tensor_proto(read)).array, array)


@pytest.mark.parametrize("values", [b"a\0", [b"a", b"\xff\0", b""], [[b"x"], [b"y"]]])
def test_strings_are_the_same_to_both(values):
    """Strings of any bytes and any shape go over and come back."""
    tensor = ours(tf.make_tensor_proto(values))
    assert tensor.array.tolist() == values
    read = theirs(encode(tensor, as_content=True))
    assert read.tolist() == values
