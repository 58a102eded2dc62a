import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput, LimitExceeded, RequestOverBudget
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.decoding import decode, decode_all


def proto(dtype, dims=None, **fields):
    """Make a TensorProto; no dims at all leave the shape absent."""
    message = hs.TensorProto(dtype=dtype, **fields)
    if dims is not None:
        message.tensor_shape.SetInParent()
        for size in dims:
            message.tensor_shape.dim.add(size=size)
    return message


def read(message, budget_bytes=2**20):
    """Decode a message with an account of its own."""
    return decode(message, DecodeBudget(budget_bytes))


def refusal(message, budget_bytes=2**20):
    """Return the text that refuses a message."""
    with pytest.raises(InvalidInput) as error:
        read(message, budget_bytes)
    return str(error.value)


def test_an_absent_shape_means_scalar():
    """One value without a shape is a scalar."""
    tensor = read(proto(hs.DT_DOUBLE, double_val=[1.5]))
    assert str(tensor) == "float64[]"
    assert tensor.array.item() == 1.5


@pytest.mark.parametrize(
    ("dtype", "fields", "expected"),
    [
        (hs.DT_FLOAT, {"float_val": [1, 2]}, [1, 2, 2, 2]),
        (hs.DT_INT8, {"int_val": [-3]}, [-3] * 4),
        (hs.DT_STRING, {"string_val": [b"a", b"b\0"]}, [b"a", b"b\0", b"b\0", b"b\0"]),
        (hs.DT_COMPLEX64, {"scomplex_val": [1, 2]}, [1 + 2j] * 4),
        (hs.DT_HALF, {"half_val": [0x3C00]}, [1.0] * 4),
        (hs.DT_BFLOAT16, {"half_val": [0x3F80]}, [1.0] * 4),
        (hs.DT_BOOL, {"bool_val": [True]}, [True] * 4),
    ],
)
def test_the_last_value_fills_the_shape(dtype, fields, expected):
    """A list that is too short goes on with its last value, in every dtype."""
    tensor = read(proto(dtype, [2, 2], **fields))
    assert tensor.array.shape == (2, 2)
    assert tensor.array.ravel().tolist() == expected


@pytest.mark.parametrize("field", ["int_val", "uint32_val"])
@pytest.mark.parametrize(("dtype", "name"), [(hs.DT_UINT16, "uint16"), (hs.DT_UINT8, "uint8")])
def test_small_unsigned_integers_come_in_either_field(field, dtype, name):
    """TensorFlow and the Scala library of 0.1 do not agree on it."""
    tensor = read(proto(dtype, [2], **{field: [0, 200]}))
    assert str(tensor) == f"{name}[2]"
    assert tensor.array.tolist() == [0, 200]


@pytest.mark.parametrize(
    ("dims", "count", "shape"),
    [([-1], 3, (3,)), ([-1, 2], 6, (3, 2)), ([2, -1], 0, (2, 0)), ([-1, 3], 0, (0, 3))],
)
def test_minus_one_is_whatever_fits(dims, count, shape):
    """The number of values tells the one open size, in both encodings."""
    typed = proto(hs.DT_INT64, dims, int64_val=range(count))
    raw = proto(hs.DT_INT64, dims, tensor_content=np.arange(count).tobytes())
    for message in (typed, raw):
        assert read(message).array.shape == shape


@pytest.mark.parametrize(
    ("dims", "text"),
    [
        ([-1, -1], "shape [-1, -1] has more than one -1"),
        ([-1, 4], "6 values do not tell the -1 in shape [-1, 4]"),
        ([-1, 0], "6 values do not tell the -1 in shape [-1, 0]"),
        ([-2, 3], "dimension -2 in shape [-2, 3] is negative"),
        ([-2, -3], "dimension -2 in shape [-2, -3] is negative"),
        ([2**32, 2**32], "is too large for any array"),
        ([2**62, 2**62, 0], "is too large for any array"),
        ([0, 2**59], "is too large for any array"),  # once it is cast
        ([2**63 - 1, 2**63 - 1, 2**63 - 1], "is too large for any array"),
        ([1] * 65, "65 dimensions are more than 32"),
        ([1] * 33, "33 dimensions are more than 32"),
        ([2, 2], "6 values for 4 elements of shape [2, 2]"),
        ([0], "6 values for 0 elements of shape [0]"),
    ],
)
@pytest.mark.parametrize("raw", [True, False])
def test_impossible_shapes_are_refused(dims, text, raw):
    """Shapes are worked out with exact integers, before anything is allocated."""
    values = {"tensor_content": bytes(6)} if raw else {"int_val": range(6)}
    assert text in refusal(proto(hs.DT_INT8, dims, **values))


def test_one_value_for_a_giant_shape_is_too_much():
    """A request of some bytes may not ask for gigabytes; the setting is named."""
    message = proto(hs.DT_DOUBLE, [2**20, 2**9], double_val=[1.0])
    with pytest.raises(LimitExceeded, match=f"{(2**29 - 1) * 8} bytes.*_BYTES=16777216"):
        read(message, 16 * 2**20)


def test_the_budget_is_for_the_whole_request():
    """Many tensors, each within the limit, do not get around it."""
    message = proto(hs.DT_INT8, [1000], int_val=[1])
    account = DecodeBudget(2500)
    decode(message, account)
    decode(message, account)
    with pytest.raises(LimitExceeded, match="2997 bytes"):
        decode(message, account)


def test_rows_without_columns_are_not_free():
    """An empty tensor of a trillion rows would make models allocate for each."""
    with pytest.raises(LimitExceeded):
        read(proto(hs.DT_FLOAT, [10**12, 0]))
    assert read(proto(hs.DT_FLOAT, [0, 10**9])).array.shape == (0, 10**9)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (proto(hs.DT_FLOAT, [2, 2]), "no values for 4 elements of shape [2, 2]"),
        (proto(hs.DT_FLOAT), "no values for 1 element of shape []"),
        (proto(hs.DT_FLOAT, float_val=[1, 2, 3]), "3 values for 1 element of shape []"),
        (proto(hs.DT_FLOAT, [3], tensor_content=bytes(8)), "2 values for 3 elements"),
        (
            proto(hs.DT_FLOAT, [2], tensor_content=bytes(7)),
            "tensor_content of 7 bytes is no multiple of float32's 4",
        ),
        (
            proto(hs.DT_FLOAT, [1], tensor_content=bytes(4), float_val=[1]),
            "values in both float_val and tensor_content",
        ),
        (
            proto(hs.DT_FLOAT, [1], double_val=[1]),
            "float32 has its values in float_val or tensor_content, not in double_val",
        ),
        (
            proto(hs.DT_UINT8, [1], int64_val=[1]),
            "uint8 has its values in int_val or uint32_val or tensor_content, not in int64_val",
        ),
        (
            proto(hs.DT_STRING, [1], tensor_content=b"a"),
            "string has its values in string_val, not in tensor_content",
        ),
        (proto(hs.DT_FLOAT, map_val=[{}]), "not in map_val"),
        (proto(hs.DT_FLOAT, variant_val=[{}]), "not in variant_val"),
        (proto(hs.DT_INT8, int_val=[300]), "300 does not fit int8 (-128 to 127)"),
        (proto(hs.DT_QUINT8, int_val=[-1]), "-1 does not fit quint8 (0 to 255)"),
        (proto(hs.DT_UINT16, uint32_val=[65536]), "65536 does not fit uint16 (0 to 65535)"),
        (proto(hs.DT_HALF, half_val=[65536]), "65536 does not fit uint16 (0 to 65535)"),
        (proto(hs.DT_BFLOAT16, half_val=[-1]), "-1 does not fit uint16 (0 to 65535)"),
        (
            proto(hs.DT_COMPLEX64, scomplex_val=[1, 2, 3]),
            "3 numbers do not make pairs for complex64",
        ),
        (
            proto(hs.DT_BOOL, [2], tensor_content=b"\1\2"),
            "tensor_content of bool has bytes other than 0 and 1",
        ),
        (proto(hs.DT_INVALID, int_val=[1]), "dtype number 0 "),
        (proto(hs.DT_RESOURCE), "dtype number 20 "),
        (proto(hs.DT_VARIANT), "dtype number 21 "),
        (proto(hs.DT_ANY, int_val=[1]), "dtype number 24 "),
        (proto(101, float_val=[1]), "dtype number 101 "),
        (proto(99999), "dtype number 99999 "),
        (proto(hs.DT_MAP), "0 maps for 1 element of shape []"),
        (proto(hs.DT_MAP, map_val=[{}, {}]), "2 maps for 1 element of shape []"),
        (proto(hs.DT_MAP, [3], map_val=[{}]), "1 map for 3 elements of shape [3]"),
        (
            proto(hs.DT_MAP, [2], map_val=[{}, {"subtensors": {"k": proto(hs.DT_FLOAT)}}]),
            'in [1]: in "k": no values for 1 element',
        ),
        (proto(hs.DT_MAP, int_val=[1]), "a map has its values in map_val, not in int_val"),
        (
            proto(hs.DT_MAP, map_val=[{"subtensors": {"k": proto(hs.DT_FLOAT)}}]),
            'in "k": no values for 1 element',
        ),
    ],
)
def test_what_cannot_be_read_is_said(message, text):
    """One sentence for each way in which a tensor contradicts itself."""
    assert text in refusal(message)


def test_an_unknown_rank_is_a_plain_list():
    """However many values come, they have one axis; dims beside it contradict it."""
    message = proto(hs.DT_INT32, int_val=[1, 2, 3])
    message.tensor_shape.unknown_rank = True
    assert read(message).array.tolist() == [1, 2, 3]
    message.tensor_shape.dim.add(size=3)
    assert refusal(message) == "a shape of unknown rank has dimensions"


def test_empty_tensors_need_no_values():
    """A zero among the dims asks for nothing."""
    tensor = read(proto(hs.DT_STRING, [3, 0]))
    assert str(tensor) == "string[3, 0]"


def test_a_map_without_axes_is_a_mapping():
    """Its shape is empty or absent."""
    subtensors = {"k": proto(hs.DT_INT8, int_val=[1])}
    for dims in (None, []):
        value = read(proto(hs.DT_MAP, dims, map_val=[{"subtensors": subtensors}]))
        assert value["k"].array.item() == 1


@pytest.mark.parametrize(
    ("dims", "shape"), [([2], (2,)), ([-1], (2,)), ([2, 1], (2, 1)), ([-1, 2], (1, 2))]
)
def test_maps_with_axes_are_an_array(dims, shape):
    """There is an entry for each element, in the order of their rows."""
    entries = [{"subtensors": {"k": proto(hs.DT_INT8, int_val=[number])}} for number in (1, 2)]
    value = read(proto(hs.DT_MAP, dims, map_val=entries))
    assert value.array.shape == shape
    assert [item["k"].array.item() for item in value.array.ravel()] == [1, 2]
    assert read(proto(hs.DT_MAP, [0])).array.shape == (0,)


def test_a_flood_of_maps_is_charged():
    """An empty one is three bytes on the wire, and a dict in memory."""
    with pytest.raises(RequestOverBudget):
        decode(proto(hs.DT_MAP, [100], map_val=[{}] * 100), DecodeBudget(100 * 100))


def test_content_is_not_copied():
    """The array is a view of the message's bytes, and read-only for that."""
    tensor = read(proto(hs.DT_FLOAT, [2], tensor_content=bytes(8)))
    assert not tensor.array.flags.owndata
    assert not tensor.array.flags.writeable


def test_every_input_that_cannot_be_read_is_told():
    """What cannot be read is told beside what can, so that one message can have it all."""
    protos = {"a": proto(hs.DT_FLOAT), "b": proto(0), "c": proto(hs.DT_INT8, int_val=[1])}
    values, unreadable = decode_all(protos, DecodeBudget(0))
    assert list(values) == ["c"]
    assert unreadable == {
        "a": "no values for 1 element of shape []",
        "b": "dtype number 0 is not one that tensors are served in",
    }


def test_a_flood_of_problems_ends():
    """After some problems the rest is not looked at."""
    with pytest.raises(InvalidInput) as error:
        decode_all({str(number): proto(0) for number in range(10000)}, DecodeBudget(0))
    assert len(str(error.value)) < 2000


@given(
    st.sampled_from(sorted(hs.DataType.values())),
    st.none() | st.lists(st.integers(-3, 2**63 - 1) | st.integers(-1, 4), max_size=40),
    st.binary(max_size=16),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
)
def test_any_message_is_read_or_refused(dtype, dims, content, values):
    """No combination of dtype, shape and values raises anything else, warns, or allocates much."""
    for fields in ({"tensor_content": content}, {"int_val": values}, {"half_val": values}):
        message = proto(dtype, dims, **fields)
        try:
            value = read(message, 2**16)
        except (InvalidInput, LimitExceeded):
            continue
        assert isinstance(value, dict) or value.array.nbytes <= 2**16 + 128
