"""Requests are read where they lie: as views, without copies, from what is remembered of others."""

import contextlib
import tracemalloc

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, RequestOverBudget
from serving_runtime.protocols.open_inference import protobuf_codec, slots
from serving_runtime.protocols.open_inference.datatypes import BY_DTYPE
from serving_runtime.protocols.protobuf.recent_layouts import ALIGNMENT
from serving_runtime.signature import NUMPY_DTYPES, Tensor
from tests.support.wires import open_inference_protobuf as wire

VIEWS = sorted(set(BY_DTYPE) - {"string", "bfloat16"})


def request(as_raw=True, signature_name="", identity="", **tensors):
    """Return the bytes of a request, writable as a receive buffer."""
    message = wire.request(tensors, as_raw, id=identity)
    if signature_name:
        message.parameters["signature_name"].string_param = signature_name
    return bytearray(message.SerializeToString())


def floats(count, dtype="float32"):
    """Return a tensor of some numbers."""
    return Tensor(dtype, np.arange(count).astype(NUMPY_DTYPES[dtype]))


def read(payload):
    """Decode, twice the same way: as it is found, and as it is remembered."""
    first = protobuf_codec.decode(payload, 0)
    second = protobuf_codec.decode(payload, 0)
    assert str(first) == str(second)
    return second


@contextlib.contextmanager
def at_most(size_bytes):
    """Fail if more memory than that is taken at any time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= size_bytes


def alignment_of(array):
    """Return the array's address, within the alignment that is aimed at."""
    return array.__array_interface__["data"][0] % ALIGNMENT


@pytest.mark.parametrize("dtype", VIEWS)
def test_raw_contents_are_views_of_the_receive_buffer(dtype):
    """Writable ones: what a model changes in place is its own request."""
    payload = request(x=floats(1, dtype))
    array = read(payload).tensors["x"].array
    assert array.flags.writeable
    payload[-array.itemsize :] = bytes([1]) * array.itemsize
    assert array.tobytes() == bytes([1]) * array.itemsize
    assert not read(bytes(payload)).tensors["x"].array.flags.writeable


@pytest.mark.parametrize("dtype", ["bool", "float32", "float64"])
def test_typed_values_of_fixed_width_are_views_too(dtype):
    """They are on the wire as they are in memory."""
    payload = request(as_raw=False, x=Tensor(dtype, np.ones(1, NUMPY_DTYPES[dtype])))
    array = read(payload).tensors["x"].array
    payload[-array.itemsize :] = bytes([1]) * array.itemsize
    assert array.tobytes() == bytes([1]) * array.itemsize


@pytest.mark.parametrize("as_raw", [True, False])
def test_views_need_no_memory(as_raw):
    """However large the request is."""
    payload = request(as_raw, x=floats(2**20))
    protobuf_codec.decode(payload, 0)
    with at_most(2**14):
        array = protobuf_codec.decode(payload, 0).tensors["x"].array
    assert array.shape == (2**20,)


@pytest.mark.parametrize("as_raw", [True, False])
def test_replies_take_one_copy(as_raw):
    """The reply's own bytes and nothing else."""
    context = protobuf_codec.ReplyContext("", "", b"", as_raw)
    outputs = {"y": floats(2**20)}
    with at_most(2**22 + 2**14):
        reply = protobuf_codec.encode(outputs, context, b"")
    assert len(reply) > 2**22


@pytest.mark.parametrize("protobuf_is_quick", [True, False])
@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint16", "uint64"])
def test_integers_are_read_whichever_way_is_quicker(protobuf_is_quick, dtype, monkeypatch):
    """That depends on protobuf's version."""
    monkeypatch.setattr(slots, "_PROTOBUF_IS_QUICK", protobuf_is_quick)
    values = Tensor(dtype, (np.arange(2**15) % 128).astype(NUMPY_DTYPES[dtype]))
    array = read(request(as_raw=False, x=values)).tensors["x"].array
    np.testing.assert_array_equal(array, values.array)
    assert array.dtype == values.array.dtype


def test_requests_of_one_length_are_told_apart():
    """By names, signatures, shapes, datatypes: by everything but their values."""
    payloads = [
        request(x=floats(4), signature_name="one"),
        request(y=floats(4), signature_name="one"),
        request(x=floats(4), signature_name="two"),
        request(x=floats(2, "float64"), signature_name="one"),
        request(x=Tensor("float32", np.ones((4, 1), "f4"))),
        request(x=Tensor("float32", np.ones((1, 4), "f4"))),
    ]
    expected = [str(protobuf_codec.decode(payload, 0)) for payload in payloads]
    assert len(set(expected)) == len(payloads)
    for _ in range(3):
        assert [str(protobuf_codec.decode(payload, 0)) for payload in payloads] == expected


def test_requests_that_differ_in_their_ids_are_laid_out_alike():
    """Clients number their requests; each reply has its own request's id."""
    payloads = [request(x=floats(4), identity=f"id-{number}") for number in range(10)]
    layouts = {id(protobuf_codec._LAYOUTS.of(memoryview(payload))) for payload in payloads}
    assert len(layouts) == 1
    seen = [protobuf_codec.decode(payload, 0).reply_context.identity for payload in payloads]
    assert seen == [b"\x1a\x04id-%d" % number for number in range(10)]


def test_an_empty_id_is_none():
    """A client may write it all the same."""
    payload = bytearray(b"\x1a\0") + request(x=floats(2))
    assert read(payload).reply_context.identity == b""


def test_an_id_that_is_no_text_is_refused_whatever_is_remembered():
    """Protobuf refuses it, so it is not taken from a layout either."""
    proper = request(x=floats(2), identity="ab")
    read(proper)
    odd = bytearray(proper)
    odd[odd.index(b"ab") : odd.index(b"ab") + 2] = b"\xff\xfe"
    with pytest.raises(InvalidInput):
        protobuf_codec.decode(odd, 0)


@pytest.mark.parametrize("count", [1023, 1024, 1025])
def test_many_inputs_are_read(count):
    """By protobuf if there are too many to look for them one by one."""
    tensors = {f"x{number}": floats(1) for number in range(count)}
    assert set(read(request(**tensors)).tensors) == set(tensors)


def test_a_payload_is_aligned_where_it_is_told():
    """From the second request of a length on, the largest input needs no copy."""
    payload = bytes(request(small=floats(1), x=floats(1000), signature_name="odd"))
    protobuf_codec.decode(payload, 0)
    lead = protobuf_codec.alignment_offset(len(payload))
    buffer = bytearray(len(payload) + 2 * ALIGNMENT)
    start = -alignment_of(np.frombuffer(buffer, np.uint8)) % ALIGNMENT + lead
    buffer[start : start + len(payload)] = payload
    view = memoryview(buffer)[start : start + len(payload)]
    assert alignment_of(protobuf_codec.decode(view, 0).tensors["x"].array) == 0
    assert protobuf_codec.alignment_offset(len(payload) + 1) == 0


@pytest.mark.parametrize("size", [0, 1, 2**31 - 1, 2**32 + 4, 2**62])
@pytest.mark.parametrize("dtype", ["float32", "int32", "string"])
@pytest.mark.parametrize("as_raw", [True, False])
def test_shapes_never_reach_beyond_the_values(size, dtype, as_raw):
    """Whatever dims a client sends, an array has what was sent."""
    values = floats(4) if dtype != "string" else Tensor("string", np.array([b"a"] * 4, object))
    message = wire.Request.FromString(bytes(request(as_raw, x=values)))
    message.inputs[0].shape[:] = [size, 2**32]
    assert "x" in read(message.SerializeToString()).unreadable


@pytest.mark.parametrize("as_raw", [True, False])
def test_rows_without_columns_take_no_memory(as_raw):
    """However many there are; NumPy would allocate an empty array as if it had one column."""
    values = Tensor("float32", np.empty(0, "f4").reshape(2**32, 3, 0))
    payload = wire.request({"x": values}, as_raw).SerializeToString()
    with at_most(2**16):
        array = protobuf_codec.decode(payload, 2**40).tensors["x"].array
    assert array.shape == (2**32, 3, 0)
    with pytest.raises(RequestOverBudget):
        protobuf_codec.decode(payload, 2**20)
