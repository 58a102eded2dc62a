"""What is 3.x's own in requests and replies: the tensor's sizes, raw bytes, maps."""

import contextlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols.hydrosphere import protobuf_codec
from serving_runtime.protocols.tensorflow_serving import protobuf_codec as older
from serving_runtime.signature import NUMPY_DTYPES, MapArray, Tensor
from serving_runtime.validation.maps import array_of
from tests.support import messages_3_x, odd_requests
from tests.support.messages_3_x import MessageTensor, PredictRequest, TensorShape

DTYPES = sorted(set(NUMPY_DTYPES) - {"bfloat16", "string"})

pytestmark = pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it


@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(payload):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput, LimitExceeded):
        protobuf_codec.decode(payload, 1000)


def sent(**fields):
    """Return the bytes of a request for one input, writable as a receive buffer."""
    message = PredictRequest(inputs={"x": MessageTensor(**fields)})
    return bytearray(message.SerializeToString())


@pytest.mark.parametrize(
    ("fields", "as_content"),
    [
        ({"dtype": 1, "float_val": [1, 2]}, False),
        ({"dtype": 1, "binary_val": bytes(8)}, True),
        ({"dtype": 3, "binary_val": bytes(8)}, True),
    ],
)
def test_values_are_views_of_the_receive_buffer(fields, as_content):
    """Typed ones of fixed width and raw bytes alike, writable if it is."""
    payload = sent(**fields, tensor_shape=TensorShape(dims=[2]))
    for _ in range(2):
        request = protobuf_codec.decode(payload, 0)
        array = request.tensors["x"].array
        payload[-8:] = bytes(range(8))
        assert array.tobytes() == bytes(range(8))
        assert array.flags.writeable
        assert request.reply_context.as_content is as_content


def test_a_payload_is_aligned_where_it_is_told():
    """From the second request of a length on, the values need no copy."""
    payload = sent(dtype=1, binary_val=bytes(4000), tensor_shape=TensorShape(dims=[1000]))
    protobuf_codec.decode(payload, 0)
    start = payload.index(bytes(4000))
    assert (start + protobuf_codec.alignment_offset(len(payload))) % 64 == 0


@pytest.mark.parametrize(
    ("dims", "shape"), [([], ()), ([2, 2], (2, 2)), ([-1, 2], (2, 2)), ([4], (4,)), ([-1], (4,))]
)
def test_sizes_are_plain_numbers(dims, shape):
    """None is a scalar, and -1 is whatever fits; packed or not they mean the same."""
    count = 4 if dims else 1
    payload = sent(dtype=1, binary_val=bytes(4 * count), tensor_shape=TensorShape(dims=dims))
    assert protobuf_codec.decode(payload, 0).tensors["x"].array.shape == shape
    single = b"".join(b"\x08" + odd_requests.Writer(random, 0).number(size) for size in dims)
    tensor = MessageTensor(dtype=1, binary_val=bytes(4 * count)).SerializeToString()
    tensor += bytes([0x12, len(single)]) + single
    entry = b"\x0a\x01x\x12" + bytes([len(tensor)]) + tensor
    unpacked = b"\x0a" + bytes([len(entry)]) + entry
    assert protobuf_codec.decode(unpacked, 0).tensors["x"].array.shape == shape


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"dtype": 1, "binary_val": bytes(3)}, "binary_val of 3 bytes is no multiple of float32's"),
        ({"dtype": 10, "binary_val": b"\2"}, "binary_val of bool has bytes other than 0 and 1"),
        ({"dtype": 1, "int_val": [1]}, "values in float_val or binary_val, not in int_val"),
        ({"dtype": 1, "float_val": [1], "binary_val": bytes(4)}, "both binary_val and float_val"),
        ({"dtype": 14, "half_val": [1]}, "dtype number 14 is not one"),
        ({"tensor_shape": TensorShape(dims=[1] * 33)}, "dtype number 0 is not one"),
        (
            {"dtype": 1, "float_val": [1], "tensor_shape": TensorShape(dims=[1] * 33)},
            "33 dimensions are more than 32",
        ),
        (
            {"dtype": 1, "float_val": [1], "tensor_shape": TensorShape(dims=[-2])},
            "dimension -2 in shape",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_names_of_3_x(fields, reason):
    """A caller looks for the field that it has set."""
    assert reason in protobuf_codec.decode(sent(**fields), 0).unreadable["x"]


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_is_written_as_protobuf_writes_it(dtype, as_content):
    """The bytes of a reply are those of the message, for each shape."""
    element = NUMPY_DTYPES[dtype]
    for shape in ((), (1,), (2, 3), (0, 2), (200,)):
        count = int(np.prod(shape))
        value = Tensor(dtype, (np.arange(count) % 2).astype(element).reshape(shape))
        written = protobuf_codec.encode({"y": value}, as_content)
        assert written == by_protobuf({"y": value}, as_content), shape


def test_strings_and_maps_are_written_as_protobuf_writes_them():
    """One map, several and none, and maps in maps."""
    text = Tensor("string", np.array([b"a", b"\0"], object))
    one = {"t": text, "m": {"t": text}}
    several = MapArray(array_of([{"t": text}, {}], (2,)))
    for value in (text, one, several, MapArray(array_of([], (0,)))):
        payloads = protobuf_codec.encode({"y": value}, False), by_protobuf({"y": value}, False)
        written, expected = map(protobuf_codec.PredictResponse.FromString, payloads)
        assert written == expected


def by_protobuf(outputs, as_content):
    """Return a reply's bytes as protobuf writes them, by way of the older messages."""
    message = hs.PredictResponse.FromString(older.encode(outputs, as_content))
    return messages_3_x.reply(message).SerializeToString()
