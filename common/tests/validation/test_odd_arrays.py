"""NumPy's odd arrays on every path by which values leave or enter: rightly, or refused by name."""

import io
import re
import time
import warnings

import numpy as np
import pytest

from serving_runtime import client, operations
from serving_runtime.cli import inputs as cli_inputs
from serving_runtime.cli.conversion import convert
from serving_runtime.client import encode_request
from serving_runtime.errors import Status
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.model import Model
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature, dtype_name
from serving_runtime.worker.predictor import Predictor

RECORDS = np.array([(1, 2.5), (258, -1.0)], [("i", ">i4"), ("f", "<f8")])
NAN = float("nan")


def unaligned(values):
    """Return an array that begins at an odd address."""
    buffer = bytearray(b"?" + values.tobytes())
    return np.ndarray(values.shape, values.dtype, buffer, 1)


def objects(*values):
    """Return an array of Python's objects."""
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def chars(*values):
    """Return an array of a class that newer versions warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.char.array(values)


# What is converted, and to what; arrays of strings arrive as bytes.
CONVERTED = {
    "big-endian floats": (np.array([1.0, 2.5], ">f8"), np.array([1.0, 2.5])),
    "big-endian halves": (np.array([1.0, 2.5], ">f2"), np.array([1.0, 2.5], "f2")),
    "big-endian integers": (np.array([1, 258], ">i4"), np.array([1, 258], "i4")),
    "big-endian pairs": (np.array([1 + 2j], ">c8"), np.array([1 + 2j], "c8")),
    "big-endian scalar": (np.array(258, ">u2"), np.array(258, "u2")),
    "big-endian text": (np.array(["é", "bc"], ">U5"), np.array(["é".encode(), b"bc"], object)),
    "columns of big-endian": (np.array([[1, 2], [3, 4]], ">i8").T, np.array([[1, 3], [2, 4]])),
    "list of big-endian": ([np.array([1, 258], ">i2")], np.array([[1, 258]], "i2")),
    "text of fixed width": (np.array(["a", "bcd"]), np.array([b"a", b"bcd"], object)),
    "bytes of fixed width": (np.array([b"a", b"bcd"]), np.array([b"a", b"bcd"], object)),
    "text scalar": (np.str_("é"), np.array("é".encode(), object)),
    "bytes scalar": (np.bytes_(b"a"), np.array(b"a", object)),
    "text with a trailing NUL": (["a\0", b"b\0"], np.array([b"a\0", b"b\0"], object)),
    "matrix": (np.array([[1.0, 2.0]]).view(np.matrix), np.array([[1.0, 2.0]])),
    "chararray": (chars("ab", "c"), np.array([b"ab", b"c"], object)),
    "field of records": (RECORDS["f"], np.array([2.5, -1.0])),
    "field of recarray": (RECORDS.view(np.recarray).i, np.array([1, 258], "i4")),
    "strides of zero": (np.broadcast_to(np.float32(1.5), (2, 3)), np.full((2, 3), 1.5, "f4")),
    "negative strides": (np.arange(4, dtype="i2")[::-2], np.array([3, 1], "i2")),
    "Fortran's order": (np.asfortranarray([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]])),
    "flags that are views": (np.array([0, 2, 1], "u1").view("?"), np.array([False, True, True])),
    "unaligned": (unaligned(np.array([1.5, 2.5], "f4")), np.array([1.5, 2.5], "f4")),
    "read-only": (np.frombuffer(b"\1\2", "i1"), np.array([1, 2], "i1")),
    "no axes": (np.array(1.5), np.array(1.5)),
    "scalar": (np.int8(-1), np.array(-1, "i1")),
    "Python's numbers": ([[1, 2.5]], np.array([[1.0, 2.5]])),
    "halves": (np.array([1.5], "f2"), np.array([1.5], "f2")),
    "nothing masked": (np.ma.array([1, 2], "i4", mask=[0, 0]), np.array([1, 2], "i4")),
    "no mask": (np.ma.array([1, 2], "i4"), np.array([1, 2], "i4")),
    "masked floats": (np.ma.array([1, 9], "f4", mask=[0, 1]), np.array([1, NAN], "f4")),
    "masked big-endian": (np.ma.array([1, 9], ">f8", mask=[0, 1]), np.array([1, NAN])),
    "list of text without axes": ([np.array("a"), np.array("b")], np.array([b"a", b"b"], object)),
    "list of halves without axes": ([np.array(1, ">f2")] * 2, np.array([1, 1], "f2")),
    "list of masked": ([np.ma.array([9.0, 1], mask=[1, 0])], np.array([[NAN, 1]])),
    "masked rows": (np.ma.array([[1.5], [9]], mask=[[0], [1]]), np.array([[1.5], [NAN]])),
    "None among floats": ([1.5, None], np.array([1.5, NAN])),
    "objects of floats": (objects(1.5, 2), np.array([1.5, 2])),
    "objects of flags": (objects(True, False), np.array([True, False])),
    "objects of integers": (objects(1, np.int8(2)), np.array([1, 2])),
    "objects of text": (objects("a", b"b"), np.array([b"a", b"b"], object)),
    "large integers": ([1, 2**63], np.array([1, 2**63], "u8")),
    "large integers that float64 holds": ([2**60, 0.5], np.array([2.0**60, 0.5])),
    "range": (range(3), np.array([0, 1, 2])),
}  # fmt: skip

# What no tensor can hold, and what it is called.
REFUSED = {
    "records": (RECORDS, "a structured array of the fields i, f"),
    "recarray": (RECORDS.view(np.recarray), "a structured array of the fields i, f"),
    "one record": (RECORDS[0], "a structured array of the fields i, f"),
    "masked records": (np.ma.array(RECORDS, mask=[(1, 0), (0, 0)]), "a structured array"),
    "dates": (np.array(["2026-01-01"], "M8[D]"), r"an array of NumPy's datetime64\[D\]"),
    "one date": (np.datetime64("2026-01-01"), r"an array of NumPy's datetime64\[D\]"),
    "durations": (np.array([1], "m8[s]"), r"an array of NumPy's timedelta64\[s\]"),
    "raw memory": (np.void(b"abc"), "an array of NumPy's void24"),
    "text and numbers": (objects("a", 1), "objects of types int and str"),
    "text and numbers in a list": (["a", 1.5], "objects of types float and str"),
    "flags and numbers": (objects(True, 1.5), "objects of types bool and float"),
    "sets": (objects({1}, {2}), "objects of type set"),
    "arrays in an array": (objects(np.zeros(1), np.zeros(2)), "objects of type ndarray"),
    "ragged": ([[1, 2], [3]], "no array|objects of type list"),
    "ragged arrays": ([np.zeros(2), np.zeros(3)], "no array|objects of type ndarray"),
    "masked integers": (np.ma.array([1, 2, 3], mask=[0, 1, 1]), "integers with 2 missing values"),
    "masked flags": (np.ma.array([True, False], mask=[0, 1]), "bools with a missing value"),
    "masked text": (np.ma.array(["a", "b"], mask=[0, 1]), "strings with a missing value"),
    "None among integers": ([1, None], "integers with a missing value"),
    "None among text": (["a", None], "strings with a missing value"),
    "None": (None, "objects of type NoneType"),
    "only None": ([None, None], "objects of type NoneType"),
    "an integer of 71 bits": (2**70, "integers from 1180591620717411303424 to 118"),
    "integers of 65 bits": ([-1, 2**63], "integers from -1 to 9223372036854775808, which"),
    "an integer beside floats": ([2**60 + 1, 0.5], "1152921504606846977 is not exact in"),
    "half an emoji": ("\ud800", "a string that UTF-8 cannot encode"),
}  # fmt: skip
if np.dtype(np.longdouble).name not in ("float64", "longdouble"):
    WIDE = np.dtype(np.longdouble).name
    REFUSED["long doubles"] = (np.array([1.5], np.longdouble), f"an array of NumPy's {WIDE}")
    REFUSED["pairs of long doubles"] = (np.array([1.5], np.clongdouble), "NumPy's complex")
    REFUSED["objects of long doubles"] = (
        objects(np.longdouble(1)),
        "objects of type .*(long|float)",
    )

converted = pytest.mark.parametrize(("value", "expected"), CONVERTED.values(), ids=CONVERTED)
refused = pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED)
encodings = pytest.mark.parametrize("as_content", [True, False], ids=["content", "typed"])


class Constant(Model):
    """Returns what it was made with."""

    def __init__(self, result):
        self._result = result

    def predict(self, signature_name, inputs):
        """Return it."""
        return {"y": self._result}


def replies(field, result, as_content=True, calls=1):
    """Return the replies of a worker whose model returns ``result`` for an output."""
    signature = Signature("s", (Field("x", "float32", (-1,)),), (field,))
    contract = Contract("m", (signature,))
    predictor = Predictor(Constant(result), contract, Settings.from_env({}))
    payload = encode_request("s", {"x": np.zeros(1, "f4")}, as_content)
    frames = [
        CallFrame(number, operations.PREDICT.key, "id", time.monotonic() + 60, bytearray(payload))
        for number in range(calls)
    ]
    return list(predictor.answer(frames))


def answered(field, result, as_content):
    """Return what a client reads of the output."""
    [reply] = replies(field, result, as_content)
    assert reply.status == Status.OK, reply.details
    return client.decode_response(bytes(reply.payload))["y"]


def refusal(field, result):
    """Return the words that refuse the output."""
    [reply] = replies(field, result)
    assert reply.status == Status.OUT_OF_RANGE, reply.details
    return reply.details


def sent(value, as_content):
    """Return what a service reads of an input."""
    request = protobuf_codec.decode(bytearray(encode_request("s", {"x": value}, as_content)), 1024)
    assert request.unreadable == {}
    return request.tensors["x"]


def same(found, expected):
    """Compare dtype, shape and values; NaN is itself."""
    assert found.dtype == expected.dtype
    assert found.dtype.isnative
    assert found.shape == expected.shape
    if expected.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_array_equal(found, expected)


@encodings
@converted
def test_results_arrive_as_they_are(value, expected, as_content):
    """Declared or not, alone or in maps and lists of maps, in either encoding."""
    dtype = dtype_name(expected.dtype)
    inner = Field("inner", dtype)
    same(answered(Field("y", dtype), value, as_content), expected)
    same(answered(Field("y", "any"), value, as_content), expected)
    same(
        answered(Field("y", "map", None, (inner,)), {"inner": value}, as_content)["inner"], expected
    )
    for kind in ("map", "any"):
        nested = answered(Field("y", kind), {"deep": {"er": value}}, as_content)
        same(nested["deep"]["er"], expected)
        for item in answered(Field("y", kind), [{"a": value}, {"a": value}], as_content):
            same(item["a"], expected)


@refused
def test_results_that_no_tensor_holds_are_refused_by_name(value, words):
    """The model is at fault, wherever the value stands, and the message says what it is."""
    for field, result, place in (
        (Field("y", "any"), value, r"y"),
        (Field("y", "int8"), value, r"y"),
        (Field("y", "map"), {"inner": value}, r"y\.inner"),
        (Field("y", "any"), [{"a": 1}, {"a": value}], r"y\[1\]\.a"),
    ):
        assert re.search(f'output "{place}": expected .*, got .*({words})', refusal(field, result))


@encodings
@converted
def test_rows_of_stacked_calls_are_as_they_are(value, expected, as_content):
    """Several calls are answered by one result, which is cut into their rows."""
    if expected.ndim == 0:
        value, expected = [value, value], np.array([expected, expected])
    field = Field("y", dtype_name(expected.dtype), (-1,) + expected.shape[1:])
    answers = replies(field, value, as_content, calls=len(expected))
    assert [reply.status for reply in answers] == [Status.OK] * len(expected)
    found = {reply.id: client.decode_response(bytes(reply.payload))["y"] for reply in answers}
    for number, row in enumerate(expected):
        same(found[number], np.array([row], expected.dtype))


@encodings
@converted
def test_arguments_are_sent_as_they_are(value, expected, as_content):
    """By the client, alone or in maps and lists of maps, and by what converts to a contract."""
    same(sent(value, as_content).array, expected)
    same(sent({"deep": {"er": value}}, as_content)["deep"]["er"].array, expected)
    for item in sent([{"a": value}, {"a": value}], as_content).array:
        same(item["a"].array, expected)
    field = Field("x", dtype_name(expected.dtype))
    same(convert(Signature("s", (field,), ()), {"x": value})["x"].array, expected)


@refused
def test_arguments_that_no_tensor_holds_are_refused_by_name(value, words):
    """Before anything is sent, and with the place where it stands."""
    says_missing = "missing" in words or "NoneType" in words  # a column can, by its mask
    for argument, place in (
        *([] if says_missing else [(value, "x")]),
        ({"deep": {"er": value}}, r"x\.deep\.er"),
        ([{"a": 1}, {"a": value}], r"x\[1\]\.a"),
    ):
        with pytest.raises(TypeError, match=f'input "{place}": no tensor can hold .*({words})'):
            encode_request("s", {"x": argument}, True)


def npz_of(value):
    """Return the bytes of an .npz file, or skip what such a file cannot hold without pickles."""
    file = io.BytesIO()
    array = np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None
    if array is None or array.dtype.hasobject or isinstance(value, np.ma.MaskedArray):
        return b""
    np.savez(file, x=array)
    return file.getvalue()


FILES = {name: item for name, item in CONVERTED.items() if npz_of(item[0])}


@encodings
@pytest.mark.parametrize(("value", "expected"), FILES.values(), ids=FILES)
def test_arrays_of_files_are_sent_as_they_are(value, expected, as_content, tmp_path):
    """An .npz keeps the byte order and the memory layout of what was saved."""
    path = tmp_path / "inputs.npz"
    path.write_bytes(npz_of(value))
    same(sent(cli_inputs.read(str(path))["x"], as_content).array, expected)


EMPTY = {
    "NumPy's own": np.array([]),
    "a list": [],
    "lists": [[], []],
    "text": np.array([], "U5"),
    "objects": np.array([], object),
    "dates": np.array([], "M8[s]"),
    "big-endian": np.array([], ">i8"),
    "masked": np.ma.array([], mask=[]),
    "three axes": np.zeros((1, 0, 2), np.int8),
}
DECLARED = ["int64", "float32", "string", "bool", "bfloat16", "complex64", "qint8"]


@pytest.mark.parametrize("dtype", DECLARED)
@pytest.mark.parametrize("value", EMPTY.values(), ids=EMPTY)
def test_empty_results_fit_every_free_axis(value, dtype):
    """What holds no values is of any dtype and rank, where the contract lets it be empty."""
    for shape, size in (
        ((-1,), (0,)),
        ((-1, 4), (0, 4)),
        ((2, -1), (2, 0)),
        (None, np.shape(value)),
    ):
        field = Field("y", dtype, shape)
        for found in (
            answered(field, value, True),
            answered(Field("y", "map", None, (field,)), {"y": value}, False)["y"],
        ):
            assert dtype_name(found.dtype) == {"bfloat16": "float32", "qint8": "int8"}.get(
                dtype, dtype
            )
            if shape is None or np.ndim(value) == len(shape):
                assert found.size == 0
            else:
                assert found.shape == size


@pytest.mark.parametrize("value", EMPTY.values(), ids=EMPTY)
def test_empty_results_of_any_dtype_keep_their_own_where_they_have_one(value):
    """What is declared of them is their shape alone."""
    if np.asarray(value).dtype.kind == "M":
        assert "datetime64" in refusal(Field("y", "any", (-1,)), value)
        return
    found = answered(Field("y", "any", (-1, 4)), value, True)
    assert (found.shape, found.dtype.isnative) == ((0, 4), True)


@pytest.mark.parametrize(
    ("value", "shape"), [([], (4,)), ([], ()), (np.zeros((0, 5)), (-1, 4)), ([[]], (4,))]
)
def test_empty_results_without_a_free_axis_are_refused(value, shape):
    """As are those of the right rank whose columns are others."""
    text = refusal(Field("y", "int64", shape), value)
    assert text.startswith(f'output "y": expected int64{list(shape)}, got int64')


def test_empty_results_are_cut_into_those_of_stacked_calls_without_rows():
    """No rows went in, so none come out, of the declared dtype."""
    signature = Signature("s", (Field("x", "int8", (-1,)),), (Field("y", "int64", (-1, 4)),))
    predictor = Predictor(Constant([]), Contract("m", (signature,)), Settings.from_env({}))
    payload = encode_request("s", {"x": []}, True)
    frames = [CallFrame(number, operations.PREDICT.key, "id", time.monotonic() + 60, payload)
              for number in range(2)]  # fmt: skip
    for reply in predictor.answer(frames):
        found = client.decode_response(bytes(reply.payload))["y"]
        assert (found.dtype, found.shape) == (np.int64, (0, 4))


@pytest.mark.parametrize("value", [[1.5, None], [None, None], np.ma.array([1, 2], mask=[0, 1])])
def test_missing_values_are_nan_where_floats_are_declared(value):
    """Also where what is left are integers, or nothing."""
    found = answered(Field("y", "float32", (-1,)), value, True)
    assert found.dtype == np.float32
    assert np.isnan(found[1])


def test_a_large_sparse_array_of_zero_strides_is_not_written():
    """A view of one value as of 4 GiB would be as large once it is sent."""
    view = np.broadcast_to(np.float32(0), (2**30,))
    [reply] = replies(Field("y", "float32", (-1,)), view)
    assert reply.status == Status.RESOURCE_EXHAUSTED
    assert "4294967296 bytes" in reply.details
