"""Hold the bytes of replies against those that protobuf writes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors import encoding
from serving_runtime.protocols.protobuf.tensors.dtypes import WIRE_TYPES
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.signature import NUMPY_DTYPES, Tensor
from serving_runtime.validation import bfloat16

NUMERIC = sorted(set(NUMPY_DTYPES) - {"string"})
SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
NAMES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=3)


def by_protobuf(proto, value, as_content):
    """Write an array or a map into a message, an object for each element."""
    proto.tensor_shape.SetInParent()
    if isinstance(value, dict):
        proto.dtype = hs.DT_MAP
        subtensors = proto.map_val.add().subtensors
        for name, item in value.items():
            by_protobuf(subtensors[name], item, as_content)
        return
    wire_type, array = WIRE_TYPES[value.dtype], value.array
    proto.dtype = wire_type.number
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    elements = bfloat16.to_bits(array) if value.dtype == "bfloat16" else array
    if value.dtype == "string":
        proto.string_val.extend(array.ravel().tolist())
    elif as_content:
        proto.tensor_content = elements.tobytes()
    elif wire_type.field == "half_val":
        proto.half_val.extend(np.ascontiguousarray(elements).view(np.uint16).ravel().tolist())
    elif array.dtype.kind == "c":
        parts = [part for item in array.ravel().tolist() for part in (item.real, item.imag)]
        getattr(proto, wire_type.field).extend(parts)
    else:
        getattr(proto, wire_type.field).extend(array.ravel().tolist())


def reply_by_protobuf(outputs, as_content):
    """Return the bytes of a PredictResponse."""
    response = hs.PredictResponse()
    for name, value in outputs.items():
        by_protobuf(response.outputs[name], value, as_content)
    return response.SerializeToString()


def reply(outputs, as_content, answered_by=None):
    """Return the bytes of our own."""
    return protobuf_codec.encode(outputs, as_content, answered_by)


@st.composite
def tensors(draw, dtype):
    """Draw arrays without NaNs, which Python's floats do not keep bit by bit."""
    if dtype == "string":
        return Tensor(dtype, draw(npst.arrays(object, SHAPES, elements=st.binary(max_size=200))))
    element = NUMPY_DTYPES[dtype]
    elements = npst.from_dtype(element, **({"allow_nan": False} if element.kind in "fc" else {}))
    return Tensor(dtype, draw(npst.arrays(element, SHAPES, elements=elements)))


VALUES = st.recursive(
    st.sampled_from(sorted(NUMPY_DTYPES)).flatmap(tensors),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("dtype", sorted(NUMPY_DTYPES))
@settings(max_examples=25)
@given(data=st.data())
def test_each_dtype_is_written_as_protobuf_writes_it(dtype, as_content, data):
    """The same bytes for every dtype, shape and encoding."""
    outputs = {"y": data.draw(tensors(dtype))}
    assert reply(outputs, as_content) == reply_by_protobuf(outputs, as_content)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.booleans())
def test_several_outputs_and_maps_are_written_in_the_order_of_the_contract(outputs, as_content):
    """Protobuf's own order is anything; the messages are equal, and each output's bytes are."""
    written = reply(outputs, as_content)
    expected = reply_by_protobuf(outputs, as_content)
    assert hs.PredictResponse.FromString(written) == hs.PredictResponse.FromString(expected)
    assert len(written) == len(expected)
    assert written == b"".join(reply({name: outputs[name]}, as_content) for name in outputs)


@pytest.mark.parametrize("dtype", NUMERIC)
@pytest.mark.parametrize("as_content", [True, False])
def test_large_arrays_are_written_as_protobuf_writes_them(dtype, as_content):
    """Across the blocks that integers are written in, with sizes of all lengths."""
    chance = np.random.RandomState(3)
    element = NUMPY_DTYPES[dtype]
    if element.kind in "iu":
        limits = np.iinfo(element.name)
        array = np.array(
            [chance.randint(-(2**bits), 2**bits + 1) for bits in range(63)] * 700, np.float64
        )
        array = np.clip(array, float(limits.min), float(limits.max) / 2).astype(element)
        array[-2:] = limits.min, limits.max
    else:
        array = chance.randint(0, 2, 44100).astype(element)
    for shape in ((-1,), (5, 3, -1)):
        outputs = {"y": Tensor(dtype, array.reshape(shape))}
        assert reply(outputs, as_content) == reply_by_protobuf(outputs, as_content)


@pytest.mark.parametrize("as_content", [True, False])
def test_a_bool_of_another_value_than_one_is_true(as_content):
    """Models may give a view of anything; on the wire only 0 and 1 are bools."""
    array = np.array([0, 1, 2, 128, 255], np.uint8).view(np.bool_)
    outputs = {"y": Tensor("bool", array)}
    expected = {"y": Tensor("bool", np.array([False, True, True, True, True]))}
    assert reply(outputs, as_content) == reply_by_protobuf(expected, as_content)


@pytest.mark.parametrize("as_content", [True, False])
def test_arrays_that_are_not_contiguous_or_not_aligned_are_written(as_content):
    """As any other."""
    data = np.arange(49, dtype=np.uint8)
    shifted = np.ndarray((2, 3), np.float64, data, 1)
    for array in (shifted, shifted[:, ::2], shifted.T[::-1]):
        outputs = {"y": Tensor("float64", array)}
        plain = {"y": Tensor("float64", np.array(array))}
        assert reply(outputs, as_content) == reply_by_protobuf(plain, as_content)


def test_keys_of_a_map_may_be_utf8():
    """As protobuf takes them; anything else that is no string is refused."""
    item = Tensor("int8", np.array(1, np.int8))
    assert reply({"y": {b"\xc3\xa4": item}}, False) == reply_by_protobuf({"y": {"ä": item}}, False)
    with pytest.raises(TypeError):
        reply({"y": {3: item}}, False)
    with pytest.raises(UnicodeDecodeError):
        reply({"y": {b"\xff": item}}, False)


def test_a_message_can_be_filled_in_place():
    """User code and the client hold messages, not bytes."""
    request = hs.PredictRequest()
    value = Tensor("float32", np.array([[1, 2]], np.float32))
    encoding.fill(request.inputs["x"], value, as_content=False)
    assert list(request.inputs["x"].float_val) == [1, 2]
    assert request.inputs["x"] == encoding.encode(value, as_content=False)
