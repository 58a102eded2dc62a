"""Requests are read where they lie: as views, without copies, from what is remembered of others."""

import contextlib
import gc
import tracemalloc

import numpy as np
import pytest

import hydro_serving_grpc as hs
from serving_runtime.errors import LimitExceeded
from serving_runtime.protocols.protobuf.recent_layouts import ALIGNMENT, RecentLayouts
from serving_runtime.protocols.protobuf.tensors import encoding, slots
from serving_runtime.protocols.tensorflow_serving import layout as tensorflow_layout
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.signature import NUMPY_DTYPES, Tensor

VIEWS = sorted(set(NUMPY_DTYPES) - {"string", "bfloat16"})


def request(as_content=True, signature_name="", **tensors):
    """Return the bytes of a request, writable as a receive buffer."""
    message = hs.PredictRequest()
    if signature_name:
        message.model_spec.signature_name = signature_name
    for name, tensor in tensors.items():
        encoding.fill(message.inputs[name], tensor, as_content)
    return bytearray(message.SerializeToString())


def floats(count, dtype="float32"):
    """Return a tensor of some numbers."""
    return Tensor(dtype, np.arange(count).astype(NUMPY_DTYPES[dtype]))


def read(payload, max_expanded_bytes=0):
    """Decode, twice the same way: as it is found, and as it is remembered."""
    first = protobuf_codec.decode(payload, max_expanded_bytes)
    second = protobuf_codec.decode(payload, max_expanded_bytes)
    assert listed(first) == listed(second)
    return second


def listed(request):
    """Return the inputs as text, sorted since protobuf's maps have any order."""
    return sorted(f"{name}: {value}" for name, value in request.tensors.items())


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
def test_raw_bytes_are_views_of_the_receive_buffer(dtype):
    """Writable ones: what a model changes in place is its own request."""
    payload = request(x=floats(1, dtype))
    array = read(payload).tensors["x"].array
    assert array.flags.writeable
    payload[-array.itemsize :] = bytes([1]) * array.itemsize
    assert array.tobytes() == bytes([1]) * array.itemsize
    assert not read(bytes(payload)).tensors["x"].array.flags.writeable


@pytest.mark.parametrize("dtype", ["bool", "float32", "float64", "complex64", "complex128"])
def test_typed_values_of_fixed_width_are_views_too(dtype):
    """They are on the wire as they are in memory."""
    payload = request(as_content=False, x=floats(1, dtype))
    array = read(payload).tensors["x"].array
    payload[-array.itemsize :] = bytes([1]) * array.itemsize
    assert array.tobytes() == bytes([1]) * array.itemsize


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("form", ["plain", "beside strings", "of free size"])
def test_views_need_no_memory(as_content, form):
    """However large the request is, and whatever else is in it."""
    payload = request(as_content, x=floats(2**20))
    if form == "beside strings":
        payload += request(s=Tensor("string", np.array([b"a", b"b"], object)))
    if form == "of free size":
        message = hs.PredictRequest.FromString(bytes(payload))
        message.inputs["x"].tensor_shape.dim[0].size = -1
        payload = bytearray(message.SerializeToString())
    protobuf_codec.decode(payload, 0)
    with at_most(2**14):
        array = protobuf_codec.decode(payload, 0).tensors["x"].array
    assert array.shape == (2**20,)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint64", "float16", "bfloat16", "int8"])
def test_varints_take_a_small_multiple_of_the_array(dtype):
    """What is made on the way belongs to one block of them at a time."""
    values = Tensor(dtype, (np.arange(2**20) % 100).astype(NUMPY_DTYPES[dtype]))
    payload = request(as_content=False, x=values)
    with at_most(6 * 2**20 * max(4, values.array.itemsize) + 2**22):
        array = protobuf_codec.decode(payload, 0).tensors["x"].array
    np.testing.assert_array_equal(array, values.array)


@pytest.mark.parametrize("as_content", [True, False])
def test_replies_take_one_copy(as_content):
    """The reply's own bytes and nothing else."""
    outputs = {"y": floats(2**20)}
    with at_most(2**22 + 2**14):
        reply = protobuf_codec.encode(outputs, as_content)
    assert len(reply) > 2**22


@pytest.mark.parametrize("protobuf_is_quick", [True, False])
@pytest.mark.parametrize("dtype", ["int16", "int64", "uint16", "float16", "bfloat16"])
def test_integers_are_read_whichever_way_is_quicker(protobuf_is_quick, dtype, monkeypatch):
    """That depends on protobuf's version."""
    monkeypatch.setattr(slots, "_PROTOBUF_IS_QUICK", protobuf_is_quick)
    values = Tensor(dtype, np.arange(2**15).astype(NUMPY_DTYPES[dtype]))
    array = read(request(as_content=False, x=values)).tensors["x"].array
    expected = encoding.encode(values, as_content=True).tensor_content
    assert encoding.encode(Tensor(dtype, array), as_content=True).tensor_content == expected


def test_requests_of_one_length_are_told_apart():
    """By names, signatures, shapes, dtypes: by everything but their values."""
    payloads = [
        request(x=floats(4), signature_name="one"),
        request(y=floats(4), signature_name="one"),
        request(x=floats(4), signature_name="two"),
        request(x=floats(2, "float64"), signature_name="one"),
        request(x=Tensor("float32", np.ones((4, 1), "f4")), signature_name=""),
        request(x=Tensor("float32", np.ones((1, 4), "f4")), signature_name=""),
    ]
    expected = [str(protobuf_codec.decode(payload, 0)) for payload in payloads]
    assert len(set(expected)) == len(payloads)
    for _ in range(3):
        assert [str(protobuf_codec.decode(payload, 0)) for payload in payloads] == expected


def test_an_odd_request_does_not_slow_down_proper_ones_of_its_length():
    """What only protobuf can read is looked at anew each time."""
    proper = request(x=floats(2))
    odd = bytearray(proper)
    odd[odd.index(b"\x08\x01") + 1] = 99  # no such dtype
    assert read(odd).unreadable
    assert not read(proper).tensors["x"].array.flags.owndata
    array = protobuf_codec.decode(proper, 0).tensors["x"].array
    proper[-8:] = bytes(range(8))
    assert array.tobytes() == bytes(range(8))


def test_what_is_remembered_is_bounded():
    """Any number of different requests leave no more than a setting's worth behind."""
    recent = RecentLayouts(tensorflow_layout.find, max_bytes=4096)
    payloads = [request(**{f"x{size}": floats(size)}) for size in range(1, 2000)]
    for payload in payloads[:1000]:
        recent.of(memoryview(payload))
    tracemalloc.start()
    for payload in payloads[1000:]:
        recent.of(memoryview(payload))
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 2**16
    large = request(**{f"x{number}": floats(1) for number in range(200)})
    assert len(recent.of(memoryview(large)).slots) == 200


def test_no_bytes_become_objects():
    """A string's content field would make NumPy take a client's bytes for pointers."""
    payload = hs.PredictRequest()
    payload.inputs["x"].dtype = hs.DT_STRING
    payload.inputs["x"].tensor_content = bytes(8)
    for _ in range(2):
        unreadable = protobuf_codec.decode(payload.SerializeToString(), 0).unreadable
        assert "string has its values in string_val" in unreadable["x"]


@pytest.mark.parametrize("count", [1023, 1024, 1025, 3000])
def test_many_inputs_are_read(count):
    """By protobuf if there are too many to look for them one by one."""
    tensors = {f"x{number}": floats(1) for number in range(count)}
    assert set(read(request(**tensors)).tensors) == set(tensors)


def test_of_two_inputs_of_one_name_the_last_counts():
    """As in protobuf, also if only one of them is of a form that is read where it lies."""
    plain, strings = floats(2), Tensor("string", np.array(b"s", object))
    for first, second in ((plain, strings), (strings, plain), (plain, floats(3))):
        payload = request(x=first) + request(x=second)
        assert str(read(payload).tensors["x"]) == str(second)


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


@pytest.mark.parametrize("size", [0, 1, 2**31 - 1, 2**32 + 4, 2**63, 2**64 - 1])
def test_shapes_never_reach_beyond_the_values(size):
    """Whatever dims a client sends for a view or for varints, an array has what was sent."""
    for as_content in (True, False):
        for dtype in ("float32", "int32"):
            message = hs.PredictRequest()
            encoding.fill(message.inputs["x"], floats(4, dtype), as_content)
            dim = message.inputs["x"].tensor_shape.dim
            dim[0].size = size - 2**64 if size >= 2**63 else size
            dim.add(size=2**32)
            with contextlib.suppress(LimitExceeded):
                assert read(message.SerializeToString()).unreadable
