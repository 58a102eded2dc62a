import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import ReplyTooLarge, Unimplemented
from serving_runtime.protocols.open_inference import encoding, protobuf_codec, stream
from serving_runtime.protocols.open_inference.datatypes import BY_DTYPE
from serving_runtime.protocols.protobuf.scanning import BYTES_3, sized
from serving_runtime.signature import NUMPY_DTYPES, STRING, MapArray, Tensor
from tests.support.cases import comparable
from tests.support.wires import open_inference_protobuf as wire

SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)


def tensors():
    """Return a strategy of tensors of every dtype that is carried."""
    return st.tuples(st.sampled_from(sorted(BY_DTYPE)), SHAPES, st.integers(0, 2**32 - 1)).map(
        lambda drawn: tensor(*drawn)
    )


def tensor(dtype, shape, seed):
    """Return a tensor of any values."""
    random = np.random.RandomState(seed)
    values = random.randint(-(2**31), 2**31, shape).astype(np.int64) << random.randint(0, 32)
    if dtype == STRING:
        array = np.empty(shape, object)
        array[...] = np.array([b"%d" % value for value in values.ravel()], object).reshape(shape)
        return Tensor(dtype, array)
    if dtype in wire.HALVES or dtype.startswith("float"):
        values = values / 2**50  # each half is what it is in float32 as well
        values = np.asarray(values, np.float32 if dtype == "bfloat16" else dtype)
        if dtype == "bfloat16":
            values = (values.view("<u4") & np.uint32(0xFFFF0000)).view("<f4")
    return Tensor(dtype, np.asarray(values).astype(NUMPY_DTYPES[dtype]).reshape(shape))


def written(outputs, as_raw, identity=""):
    """Return the bytes of a reply, as the worker asks for them."""
    field = sized(BYTES_3, identity.encode()) if identity else b""
    context = protobuf_codec.ReplyContext("", "", field, as_raw)
    head = protobuf_codec.model_head("model", "1")
    return protobuf_codec.encode(outputs, context, head)


@given(st.dictionaries(st.text(max_size=4), tensors(), max_size=3), st.booleans())
def test_replies_are_the_bytes_that_protobuf_writes(outputs, as_raw):
    """Of each datatype and shape, typed and raw; halves make the whole reply raw."""
    expected = wire.reply(outputs, as_raw, model_name="model", model_version="1", id="ä")
    payload = written(outputs, as_raw, "ä")
    assert wire.Response.FromString(payload) == expected or has_nan(outputs)
    assert wire.canonical(wire.Response.FromString(payload)) == wire.canonical(expected)
    assert payload == expected.SerializeToString() or not outputs or has_unset(expected)
    assert comparable(wire.outputs_of(wire.Response.FromString(payload))) == comparable(outputs)


def has_nan(outputs):
    """Return whether an output is not equal to itself."""
    arrays = [it.array for it in outputs.values() if it.array.dtype.kind == "f"]
    return any(np.isnan(array).any() for array in arrays)


def has_unset(message):
    """Return whether protobuf leaves something out that we may write."""
    return any(not output.name for output in message.outputs)


@pytest.mark.parametrize("as_raw", [True, False])
def test_what_is_no_contiguous_memory_is_copied(as_raw):
    """Views that are transposed or have steps arrive as they look."""
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    message = wire.Response.FromString(written({"y": Tensor("float32", array)}, as_raw))
    np.testing.assert_array_equal(wire.outputs_of(message)["y"].array, array)


@pytest.mark.parametrize("as_raw", [True, False])
def test_only_0_and_1_are_bools(as_raw):
    """A model's view of other bytes is made one."""
    array = np.array([0, 1, 2, 255], np.uint8).view(np.bool_)
    message = wire.Response.FromString(written({"y": Tensor("bool", array)}, as_raw))
    assert wire.outputs_of(message)["y"].array.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_an_output_that_grows_by_being_written_is_refused():
    """A view with steps of zero costs the model nothing."""
    array = np.broadcast_to(np.float32(0), (2**31,))
    with pytest.raises(ReplyTooLarge):
        encoding.tensors({"y": Tensor("float32", array)}, True)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Tensor("complex64", np.zeros(1, np.complex64)), "COMPLEX64"),
        (Tensor("qint8", np.zeros(1, np.int8)), "QINT8"),
        ({"k": Tensor("int8", np.zeros(1, np.int8))}, "MAP"),
        (MapArray(np.array([{}], object)), "MAP"),
    ],
)
def test_what_has_no_datatype_is_unimplemented(value, kind):
    """An output that may be anything can be that; the text names who carries it."""
    with pytest.raises(Unimplemented) as caught:
        encoding.tensors({"y": value}, True)
    assert str(caught.value) == (
        f'output "y" is {kind}, for which Open Inference has no datatype: call '
        "/tensorflow.serving.PredictionService/Predict"
    )


def test_messages_of_a_stream_are_those_that_protobuf_writes():
    """A reply, a failure with an id, and one without."""
    message = wire.message_class("inference.ModelStreamInferResponse")
    reply = wire.reply({}, False, model_name="model", id="1")
    payload = stream.reply(reply.SerializeToString())
    assert payload == message(infer_response=reply).SerializeToString()
    failed = message(error_message="größer", infer_response={"id": "ä"}).SerializeToString()
    assert stream.failure("ä", "größer") == failed
    assert stream.failure("", "x") == message(error_message="x").SerializeToString()
