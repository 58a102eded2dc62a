import json

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput, ModelNotFound, RequestOverBudget, Unimplemented
from serving_runtime.ipc.attributes import CONTENT_TYPE, HEADER_LENGTH, MODEL_VERSION
from serving_runtime.protocols.json import reading
from serving_runtime.protocols.open_inference import json_codec
from serving_runtime.protocols.open_inference.datatypes import DATATYPES
from serving_runtime.protocols.open_inference.rest import RestInfer
from serving_runtime.protocols.request import SequenceStep
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature, Tensor
from serving_runtime.validation import validate_inputs
from tests.support.cases import comparable, tensor
from tests.support.wires import open_inference_json as wire

FLAT = (Field("x", "int8", ()),)
ADD = Signature("add", FLAT, FLAT)
COMPLEX = Signature("complex", FLAT, (Field("y", "complex64", ()),))
ROWS = Signature(
    "rows",
    (Field("city", "string", (-1,)), Field("age", "int64", (-1,)), Field("x", "float32", (-1,))),
    (Field("y", "float32", (-1,)),),
    nullable=(Nullable("city"), Nullable("age", numbers="float64"), Nullable("x")),
)
CONTRACT = Contract("own", (ADD, COMPLEX, ROWS), 7)
SETTINGS = Settings.from_env({"MODEL_NAME": "served", "RUNTIME_MAX_EXPANDED_BYTES": "1KiB"})
X = {"name": "x", "datatype": "INT8", "shape": [2], "data": [1, 2]}


def infer():
    """Return what answers for a model."""
    return RestInfer(CONTRACT, SETTINGS)


def decoded(body, binary=b"", header=None, target="", **attributes):
    """Return the request that a body, of JSON and binary data, is read as."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    if header is None and binary:
        header = str(len(text))
    if header is not None:
        attributes[HEADER_LENGTH] = header
    return infer().decode(text + binary, target, attributes)


def refused(body, binary=b"", header=None):
    """Return why a body is refused as a whole."""
    with pytest.raises(InvalidInput) as caught:
        decoded(body, binary, header)
    return str(caught.value)


def unreadable(binary=b"", **members):
    """Return why the input x is unreadable, which has these members."""
    request = decoded({"inputs": [{**X, **members}]}, binary)
    assert not request.tensors
    return request.unreadable["x"]


def read(binary=b"", **members):
    """Return the array of the input x, which has these members."""
    request = decoded({"inputs": [{**X, **members}]}, binary)
    assert not request.unreadable
    return request.tensors["x"].array


def replied(values, **asked):
    """Return the JSON, the binary data and the attributes of a reply."""
    protocol = infer()
    body = json.dumps({"inputs": [X], **asked}).encode()
    request = protocol.decode(body, "", {})
    payload, attributes = protocol.encode(values, request, ADD)
    at = int(attributes.get(HEADER_LENGTH, len(payload)))
    return json.loads(payload[:at].decode()), payload[at:], attributes


Y = {"y": tensor("float32", [[0.1, -0.0]])}


def test_a_request_is_read_with_all_that_it_says():
    """Nulls stand for what is absent, and what nobody here knows is ignored."""
    request = decoded(
        {
            "id": "a",
            "model_name": "noise",
            "parameters": {
                "signature_name": "add", "timeout": 1500, "sequence_id": 7,
                "sequence_start": True, "other": {"a": [1]},
            },
            "inputs": [{**X, "parameters": None}],
            "outputs": [{"name": "b", "parameters": None}, {"name": "a"}],
        }
    )  # fmt: skip
    assert request.signature_name == "add"
    assert request.output_names == ("b", "a")
    assert request.sequence == SequenceStep("7", starts=True)
    assert request.timeout_seconds == 0.0015
    request = decoded({"id": None, "parameters": None, "inputs": [X], "outputs": None})
    assert request.tensors["x"].array.tolist() == [1, 2]
    assert request.output_names == ()


@pytest.mark.parametrize("target", ["", "served", "own"])
@pytest.mark.parametrize("version", ["", "7"])
def test_the_path_names_the_model(target, version):
    """By any of its names, with its version or without."""
    attributes = {MODEL_VERSION: version} if version else {}
    assert decoded({"inputs": [X]}, target=target, **attributes).tensors


def test_other_models_and_versions_are_not_found():
    """Whatever the body says; nothing of it is read."""
    for target, version in (("other", ""), ("own", "8")):
        with pytest.raises(ModelNotFound):
            infer().decode(b"no JSON", target, {MODEL_VERSION: version})


@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]])
def test_values_are_flat_or_nested(data):
    """A flat list is in the order of rows."""
    assert read(shape=[2, 3], data=data).tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("data", [5, [5]])
def test_a_scalar_has_one_value(data):
    """With brackets or without."""
    array = read(shape=[], data=data)
    assert (array.shape, array.tolist()) == ((), 5)


@pytest.mark.parametrize("name", sorted(DATATYPES))
@pytest.mark.parametrize("is_binary", [False, True])
def test_each_datatype_is_read_in_json_and_in_binary(name, is_binary):
    """The same values, in either form."""
    dtype = DATATYPES[name].dtype
    values = {"BYTES": [b"a", b"", "ä".encode()], "BOOL": [True, False, True]}.get(name, [0, 1, 2])
    sent = tensor(dtype, values)
    call = wire.request({"x": sent}, is_binary)
    request = infer().decode(call.payload, "", call.attributes)
    assert comparable(request.tensors["x"]) == comparable(sent)
    again = infer().decode(call.payload, "", call.attributes)
    assert comparable(again.tensors["x"]) == comparable(sent)


def test_null_and_bare_tokens_are_floats():
    """A null among floats is NaN, for every model; integers have none."""
    body = b'{"inputs":[{"name":"x","datatype":"FP16","shape":[3],"data":[null,NaN,-Infinity]}]}'
    found = decoded(body).tensors["x"].array
    assert np.isnan(found[:2]).all()
    assert found[2] == -np.inf
    assert unreadable(data=[None, 1]) == (
        "data[0] is null: expected an integer, without a fraction or an exponent, for INT8"
    )


def test_null_is_a_missing_value_of_a_column_that_may_have_one():
    """It is marked by the column's mask, as it would be in other protocols."""
    request = decoded(
        {
            "parameters": {"signature_name": "rows"},
            "inputs": [
                {"name": "city", "datatype": "BYTES", "shape": [2], "data": ["a", None]},
                {"name": "age", "datatype": "INT64", "shape": [2], "data": [None, 7]},
                {"name": "x", "datatype": "FP32", "shape": [2], "data": [None, 1]},
            ],
        }
    )
    inputs = validate_inputs(ROWS, request.tensors, "same_kind", str, request.unreadable)
    assert inputs["city"].tolist() == ["a", None]
    assert np.array_equal(np.isnan(inputs["age"]), [True, False])
    assert np.array_equal(np.isnan(inputs["x"]), [True, False])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"datatype": "float32"}, 'datatype "float32" is none of BOOL, INT8, '),
        ({"datatype": None}, 'no "datatype"'),
        ({"datatype": 5}, '"datatype" is 5: expected a text'),
        ({"shape": None}, 'no "shape": expected a list of sizes'),
        ({"shape": 2}, '"shape" is 2: expected a list'),
        ({"shape": [2.0]}, '"shape"[0] is 2.0: expected a size'),
        ({"shape": ["2"]}, '"shape"[0] is "2": expected a size'),
        ({"shape": [True]}, '"shape"[0] is true: expected a size'),
        ({"shape": [[2]]}, '"shape"[0] is a list: expected a size'),
        ({"shape": [-1]}, "dimension -1 in shape [-1] is negative"),
        ({"shape": [2**62, 2**62]}, "is too large for any array"),
        ({"shape": [1] * 33}, "33 dimensions are more than 32"),
        ({"shape": [3]}, '2 values in "data", but INT8[3] takes 3'),
        ({"data": [1]}, '1 value in "data", but INT8[2] takes 2'),
        ({"data": None}, 'no values: expected "data"'),
        ({"data": [[1, 2]]}, '"data" is nested as [1, 2]: expected [2], as "shape" says, or a '
         "flat list"),
        ({"data": [[1], [1, 2]]}, "data[1] has 2 elements, but data[0] has 1"),
        ({"data": [1, 128]}, "data[1] is 128, beyond INT8"),
        ({"data": [1, 1.5]}, "data[1] is 1.5: expected an integer"),
        ({"data": "ab"}, 'data is "ab": expected an integer'),
        ({"data": {"a": 1}}, "data is an object: expected an integer"),
        ({"datatype": "BYTES", "data": [1, "a"]}, "data[0] is 1: expected a text for BYTES"),
        ({"datatype": "FP16", "data": [1e5, 1]}, "data[0] is 100000.0, beyond FP16"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [0, 5000])  # short texts and long ones have other readers
def test_an_input_that_cannot_be_read_says_why(members, expected, size):
    """Others are read all the same, so that all problems are in one answer."""
    long = {"name": "l", "datatype": "INT8", "shape": [size], "data": [1] * size}
    request = decoded({"inputs": [{**X, **members}, long]})
    assert list(request.unreadable) == ["x"]
    assert expected in request.unreadable["x"]
    assert len(request.tensors["l"].array) == size


def test_inputs_of_one_name_are_unreadable():
    """Neither of them is taken."""
    request = decoded({"inputs": [X, X]})
    assert request.unreadable == {"x": "there are several inputs of this name"}
    assert not request.tensors


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "the body is empty: expected a JSON object"),
        (b"{'inputs': []}", "the body is no JSON: Expecting property name"),
        ([], "the body is a list: expected an object"),
        ({}, 'the body has no "inputs": expected a list of tensors'),
        ({"input": [X]}, 'the body has no "inputs": expected a list of tensors, each an object wi'),
        ({"inputs": X}, '"inputs" is an object: expected a list of tensors, each an object with "'),
        ({"inputs": [1]}, "inputs[0] is 1: expected an object"),
        ({"inputs": [{"datatype": "INT8"}]}, 'inputs[0] has no "name"'),
        ({"inputs": [X, {"name": 5}]}, '"name" of inputs[1] is 5: expected a text'),
        ({"id": 5, "inputs": [X]}, '"id" is 5: expected a text'),
        ({"id": [], "inputs": [X]}, '"id" is a list: expected a text'),
        ({"id": "\ud800", "inputs": [X]}, "a text has \\ud800 alone, half of a surrogate pair"),
        ({"parameters": [], "inputs": [X]}, '"parameters" of the body is a list: expected an obj'),
        ({"parameters": {"signature_name": 5}, "inputs": [X]}, "the parameter signature_name is"),
        ({"parameters": {"timeout": [1]}, "inputs": [X]}, "the parameter timeout is a list: expec"),
        ({"parameters": {"binary_data_output": 1}, "inputs": [X]}, "the parameter binary_data_out"),
        ({"outputs": "y", "inputs": [X]}, '"outputs" is "y": expected a list'),
        ({"outputs": ["y"], "inputs": [X]}, 'outputs[0] is "y": expected an object'),
        ({"outputs": [{}], "inputs": [X]}, 'outputs[0] has no "name"'),
        ({"outputs": [{"name": "y", "parameters": {"binary_data": "no"}}], "inputs": [X]},
         'the parameter binary_data is "no": expected true or false'),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(body, expected):
    """With what was expected in its place."""
    assert refused(body).startswith(expected)


def test_a_misspelt_member_is_named():
    """The one that was meant, among few: a client may send millions."""
    assert refused({"input": [X]}).endswith('did you mean "input"?')
    assert "did you mean" not in refused({f"member {it}": 1 for it in range(10**5)})


BINARY_X = {"name": "x", "datatype": "INT8", "shape": [2], "parameters": {"binary_data_size": 2}}


@pytest.mark.parametrize(
    ("inputs", "binary", "header", "expected"),
    [
        ([BINARY_X], b"ab", "x", 'the header Inference-Header-Content-Length is "x": expected a'),
        ([BINARY_X], b"ab", "-1", 'the header Inference-Header-Content-Length is "-1": expected'),
        ([BINARY_X], b"ab", "９", "the header Inference-Header-Content-Length is"),
        ([BINARY_X], b"ab", "0", "the header Inference-Header-Content-Length is 0, but a body wit"),
        ([BINARY_X], b"ab", "999", 'the header Inference-Header-Content-Length is "999", but the '),
        ([BINARY_X], b"ab", "9" * 99, "the header Inference-Header-Content-Length is"),
        ([BINARY_X], b"a", None, 'input "x" has 2 bytes of binary data, but after those of the in'),
        ([BINARY_X], b"abc", None, "1 bytes of binary data are left over after the binary_data_si"),
        ([X], b"abc", None, "3 bytes of binary data are left over after the binary_data_size of a"),
        ([BINARY_X], b"", None, 'input "x" has binary data, but no header Inference-Header-Conten'),
        ([{**BINARY_X, "parameters": {"binary_data_size": -1}}], b"ab", None,
         'binary_data_size of input "x" is "-1": expected a number of bytes'),
        ([{**BINARY_X, "parameters": {"binary_data_size": 2.0}}], b"ab", None,
         'binary_data_size of input "x" is "2.0": expected a number of bytes'),
    ],
)  # fmt: skip
def test_binary_data_that_cannot_be_divided_is_refused(inputs, binary, header, expected):
    """Without it nobody knows whose the bytes are."""
    assert refused({"inputs": inputs}, binary, header).startswith(expected)


def test_binary_data_that_does_not_fit_is_named():
    """By its input, beside the others' problems."""
    binary = {"parameters": {"binary_data_size": 2}}
    assert unreadable(b"ab", **binary) == 'values in both "data" and binary data'
    binary["data"] = None
    assert unreadable(b"ab", shape=[3], **binary) == ("2 bytes of binary data, but INT8[3] takes 3")
    assert unreadable(b"\2\0", datatype="BOOL", **binary).startswith("binary data of BOOL have")
    assert unreadable(b"ab", datatype="BYTES", **binary).startswith("2 bytes of binary data cannot")


def test_a_text_that_was_read_before_is_not_parsed_again(monkeypatch):
    """Only the values differ; wrong ones are found all the same."""
    body = {"inputs": [{**BINARY_X, "datatype": "BOOL"}]}
    assert decoded(body, b"\1\0").tensors["x"].array.tolist() == [True, False]
    with monkeypatch.context() as patched:
        patched.setattr(reading, "read", None)
        assert decoded(body, b"\0\1").tensors["x"].array.tolist() == [False, True]
    assert "BOOL have bytes other than 0 and 1" in decoded(body, b"\0\2").unreadable["x"]
    assert "left over" in refused(body, b"\0\1\1")


def test_an_empty_tensor_may_have_a_null_beside_its_size():
    """KServe's client sends it so."""
    members = {"shape": [0, 4], "data": None, "parameters": {"binary_data_size": 0}}
    assert read(**members).shape == (0, 4)


def test_binary_values_are_views_and_are_aligned_the_next_time():
    """The worker asks, for each length, where a payload should begin."""
    call = wire.request({"x": tensor("float32", range(1000))}, True)
    infer().decode(call.payload, "", call.attributes)
    offset = RestInfer.alignment_offset(len(call.payload))
    assert (int(call.attributes[HEADER_LENGTH]) + offset) % 64 == 0
    buffer = bytearray(call.payload)
    found = infer().decode(memoryview(buffer), "", call.attributes).tensors["x"].array
    buffer[-1] ^= 1
    assert found[-1] != 999


def test_what_is_remembered_is_bounded():
    """More texts, and more lengths, than are kept make it forget the others."""
    for size in range(1, 1200):
        sized = {**BINARY_X, "shape": [size], "parameters": {"binary_data_size": size}}
        decoded({"inputs": [sized]}, bytes(size))
    assert len(json_codec._BY_TEXT) <= 256
    assert len(json_codec._OFFSETS) <= 1024


def test_rows_without_columns_are_bounded():
    """They cost the client nothing, and a model much."""
    with pytest.raises(RequestOverBudget, match="RUNTIME_MAX_EXPANDED_BYTES"):
        decoded({"inputs": [{**X, "shape": [10**9, 0], "data": []}]})


@pytest.mark.parametrize(
    "asked",
    [
        {"inputs": [{**X, "parameters": {"shared_memory_region": "r"}}]},
        {"inputs": [X], "outputs": [{"name": "y", "parameters": {"classification": 3}}]},
        {"inputs": [X], "outputs": [{"name": "y", "parameters": {"shared_memory_region": "r"}}]},
        {"inputs": [X], "parameters": {"signature_name": "complex"}},
    ],
)
def test_extensions_that_are_not_served_are_refused(asked):
    """And so are signatures that have no form here: never ignored."""
    with pytest.raises(Unimplemented):
        decoded(asked)


def test_a_reply_says_who_answers_and_whom():
    """The id comes back as it came, and there is none without one."""
    reply, binary, attributes = replied(Y, id='größer "1"')
    assert reply == {
        "model_name": "served",
        "model_version": "7",
        "id": 'größer "1"',
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [0.1, -0.0]}],
    }
    assert not binary
    assert attributes == {}
    assert "id" not in replied(Y)[0]
    assert replied({})[0]["outputs"] == []


def test_values_go_after_the_json_where_that_is_asked_for():
    """For all outputs, or for one; what is asked of one counts more."""
    two = {**Y, "z": tensor("bool", [True])}
    reply, binary, attributes = replied(two, parameters={"binary_data_output": True})
    assert [it["parameters"] for it in reply["outputs"]] == [
        {"binary_data_size": 8},
        {"binary_data_size": 1},
    ]
    assert binary == Y["y"].array.tobytes() + b"\1"
    assert attributes[CONTENT_TYPE] == "application/octet-stream"
    asked = [{"name": "y", "parameters": {"binary_data": False}}, {"name": "z"}]
    reply, binary, _ = replied(two, parameters={"binary_data_output": True}, outputs=asked)
    assert reply["outputs"][0]["data"] == [0.1, -0.0]
    assert binary == b"\1"
    asked[0]["parameters"]["binary_data"] = True
    _, binary, _ = replied(two, outputs=asked)
    assert binary == Y["y"].array.tobytes()


def test_what_is_empty_goes_in_json():
    """Clients that find no bytes of binary data lose the datatype."""
    empty = {"y": tensor("int64", np.empty((0, 2)))}
    reply, binary, attributes = replied(empty, parameters={"binary_data_output": True})
    assert reply["outputs"] == [{"name": "y", "datatype": "INT64", "shape": [0, 2], "data": []}]
    assert not binary
    assert HEADER_LENGTH not in attributes


def test_nan_is_null_and_what_json_cannot_hold_is_refused():
    """The error says how to ask for it in binary."""
    reply, _, _ = replied({"y": tensor("float64", [np.nan, 1])})
    assert reply["outputs"][0]["data"] == [None, 1.0]
    for dtype, values, shown in (
        ("float16", [1, -np.inf], r"\[1\] is -Infinity"),
        ("string", [b"\xff"], r"\[0\] is no UTF-8"),
    ):
        wanted = rf'output "y": {shown}.*"binary_data": true'
        with pytest.raises(InvalidInput, match=wanted):
            replied({"y": tensor(dtype, values)})
        asked = {"parameters": {"binary_data_output": True}}
        assert replied({"y": tensor(dtype, values)}, **asked)[1]


def test_bytes_that_are_neither_true_nor_false_are_written_as_bools():
    """A model may return a view of any bytes."""
    odd = {"y": Tensor("bool", np.array([0, 2, 255], np.uint8).view(bool))}
    assert replied(odd)[0]["outputs"][0]["data"] == [False, True, True]


def test_an_output_without_a_datatype_is_unimplemented():
    """The text names what carries it."""
    with pytest.raises(Unimplemented, match="Predict"):
        replied({"y": tensor("complex64", [1j])})
