import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.decoding import decode
from serving_runtime.protocols.protobuf.tensors.encoding import encode
from serving_runtime.signature import NUMPY_DTYPES, MapArray, Tensor
from serving_runtime.validation import bfloat16

NUMERIC = sorted(set(NUMPY_DTYPES) - {"string"})
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def reading():
    """Return a budget of a megabyte."""
    return DecodeBudget(2**20)


@st.composite
def tensors(draw, dtype):
    """Draw arrays of any bits: NaNs with payloads, negative zeros and infinities among them."""
    shape = draw(SHAPES)
    element = np.dtype("u2") if dtype == "bfloat16" else NUMPY_DTYPES[dtype]
    size = int(np.prod(shape)) * element.itemsize
    content = bytearray(draw(st.binary(min_size=size, max_size=size)))
    if dtype == "bool":
        content = bytearray(byte % 2 for byte in content)
    array = np.frombuffer(content, element).reshape(shape)
    return Tensor(dtype, bfloat16.from_bits(array) if dtype == "bfloat16" else array)


def quiet(array):
    """Make all NaNs one, since Python's floats and some processors silence signalling ones."""
    values = np.atleast_1d(array)
    floats = values.view(values.real.dtype) if values.dtype.kind == "c" else values
    return np.where(np.isnan(floats), np.nan, floats) if floats.dtype.kind == "f" else floats


@pytest.mark.parametrize("dtype", NUMERIC)
@given(data=st.data())
def test_content_comes_back_bit_by_bit(dtype, data):
    """Raw bytes lose nothing, whatever the dtype and shape."""
    tensor = data.draw(tensors(dtype))
    again = decode(encode(tensor, as_content=True), reading())
    assert again.dtype == dtype
    assert again.array.dtype == NUMPY_DTYPES[dtype]
    assert again.array.shape == tensor.array.shape
    if dtype == "bfloat16":  # rounding makes NaNs quiet
        assert quiet(again.array).tobytes() == quiet(tensor.array).tobytes()
    else:
        assert again.array.tobytes() == tensor.array.tobytes()


@pytest.mark.parametrize("dtype", NUMERIC)
@given(data=st.data())
def test_typed_values_come_back(dtype, data):
    """Typed fields lose nothing but the silence of signalling NaNs."""
    tensor = data.draw(tensors(dtype))
    proto = encode(tensor, as_content=False)
    assert not proto.tensor_content
    again = decode(hs.TensorProto.FromString(proto.SerializeToString()), reading())
    assert str(again) == str(tensor)
    assert again.array.dtype == NUMPY_DTYPES[dtype]
    assert quiet(again.array).tobytes() == quiet(tensor.array).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("as_content", [True, False])
def test_quiet_nans_and_negative_zeros_survive(dtype, as_content):
    """A quiet NaN keeps its payload and a zero its sign, in both encodings."""
    patterns = {
        "float64": np.array([0x7FF8DEADBEEF0001, 0x8000000000000000, 1], np.uint64),
        "float32": np.array([0x7FC0BEEF, 0x80000000, 1], np.uint32),
        "float16": np.array([0x7E55, 0x8000, 1], np.uint16),
        "bfloat16": np.array([0x7FD50000, 0x80000000, 0x10000], np.uint32),
    }
    array = patterns[dtype].view(NUMPY_DTYPES[dtype])
    again = decode(encode(Tensor(dtype, array), as_content), reading())
    assert again.array.tobytes() == array.tobytes()


@given(st.lists(st.binary(max_size=4), max_size=6), st.booleans())
def test_strings_come_back_with_their_nuls(values, as_content):
    """Strings are bytes objects in both directions and in either encoding of the numbers."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    again = decode(encode(Tensor("string", array), as_content), reading())
    assert again.dtype == "string"
    assert again.array.dtype == object
    assert again.array.tolist() == values


@pytest.mark.parametrize("as_content", [True, False])
def test_strided_arrays_are_written_in_row_order(as_content):
    """Transposed and reversed arrays are values like any others."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T[::-1]
    again = decode(encode(Tensor("float32", array), as_content), reading())
    np.testing.assert_array_equal(again.array, array)


@pytest.mark.parametrize("as_content", [True, False])
def test_maps_come_back(as_content):
    """Maps hold tensors and maps."""
    value = {
        "a": Tensor("int8", np.array([-1, 2], np.int8)),
        "b": {"c": Tensor("string", np.array(b"x\0", dtype=object)), "d": {}},
    }
    proto = encode(value, as_content)
    assert proto.dtype == hs.DT_MAP
    again = decode(proto, reading())
    assert again["a"].array.tolist() == [-1, 2]
    assert again["b"]["c"].array.item() == b"x\0"
    assert again["b"]["d"] == {}


@pytest.mark.parametrize("shape", [(2,), (1, 2), (0,)])
def test_arrays_of_maps_come_back(shape):
    """Each element is an entry, and the shape is that of the array."""
    items = np.empty(shape, object)
    for index in range(items.size):
        items.reshape(-1)[index] = {"a": Tensor("int8", np.array(index, np.int8))}
    proto = encode(MapArray(items), as_content=True)
    assert (proto.dtype, len(proto.map_val)) == (hs.DT_MAP, items.size)
    again = decode(proto, reading())
    assert again.array.shape == shape
    assert [item["a"].array.item() for item in again.array.ravel()] == list(range(items.size))


@pytest.mark.parametrize("value", [Tensor("int8", np.array(3, np.int8)), {}])
def test_a_scalar_has_an_empty_shape_that_is_there(value):
    """Hydrosphere's clients expect the field to be present."""
    proto = encode(value, as_content=False)
    assert proto.HasField("tensor_shape")
    assert not proto.tensor_shape.dim
    assert not proto.tensor_shape.unknown_rank


@pytest.mark.parametrize(
    ("dtype", "field"),
    [
        ("float32", "float_val"),
        ("uint8", "int_val"),
        ("qint16", "int_val"),
        ("uint32", "uint32_val"),
        ("bfloat16", "half_val"),
        ("bool", "bool_val"),
    ],
)
def test_typed_replies_use_the_field_that_clients_read(dtype, field):
    """Values are in the field that TensorFlow gives the dtype, one an element."""
    array = np.ones(300, NUMPY_DTYPES[dtype])
    proto = encode(Tensor(dtype, array), as_content=False)
    names = {descriptor.name for descriptor, _ in proto.ListFields()}
    assert names == {"dtype", "tensor_shape", field}
    expected = 0x3F80 if dtype == "bfloat16" else 1
    assert list(getattr(proto, field)) == [expected] * 300
