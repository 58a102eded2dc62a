import io
import json
import sys

import grpc
import numpy as np
import pytest

from serving_runtime.contract import serialise
from serving_runtime.signature import FREE, MAP, Contract, Field, Signature

INPUTS = (
    Field("x", "float32", (FREE, 1)),
    Field("q", "bfloat16", (FREE,)),
    Field("name", "string", (FREE,)),
    Field("m", MAP, None, (Field("inner", "int8", (2,)),)),
)
CONTRACT = Contract(
    "m",
    (
        Signature("columns", INPUTS[:3], (Field("y", "float32"),)),
        Signature("map", INPUTS[3:], (Field("y", "float32"),)),
        Signature("image", (Field("i", "uint8", (FREE, 2, 2)),), (Field("y", "float32"),)),
        Signature("scalar", (Field("s", "int32", ()),), (Field("y", "float32"),)),
    ),
)


@pytest.fixture
def predict(command, service):
    """Call the tiny service through the command."""

    def run(*arguments):
        return command("predict", "--address", service.address, *arguments)

    return run


@pytest.fixture
def contract_path(tmp_path):
    """Write a contract to convert by."""
    path = tmp_path / "contract.protobin"
    path.write_bytes(serialise(CONTRACT))
    return path


def stdin_of(monkeypatch, data):
    """Make the command read ``data`` from its standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_inline_json_to_table(predict):
    """JSON on the command line gives a table of outputs, by name in order."""
    code, out, err = predict("--input", '{"x": [[1.5, 2.0]], "s": ["grün"]}')
    assert (code, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()[2:]] == [
        "s string [1] ['grün']",
        "x float64 [1, 2] [[3. 4.]]",
    ]


def test_json_from_standard_input_to_json(predict, monkeypatch):
    """JSON goes in by a pipe and comes out as what the next call could read."""
    stdin_of(monkeypatch, b'{"x": [1, 2], "m": {"a": true}, "s": "t"}')
    code, out, _ = predict("--format", "json")
    assert code == 0
    assert json.loads(out) == {"x": [2, 4], "m": {"a": True}, "s": "t"}


def test_state_can_be_reset_and_its_epoch_is_shown(predict, service):
    """--reset-state is sent; the epoch is shown beside the outputs, which stay JSON."""
    service.trailing = (("x-state-epoch", "7"),)
    code, out, err = predict("--reset-state", "--format", "json", "--input", '{"x": 1}')
    assert (code, json.loads(out), err) == (0, {"x": 2}, "state epoch: 7\n")
    assert service.metadata["x-reset-state"] == "1"


def test_lists_of_objects_are_several_maps(predict, tmp_path):
    """Both ways; the table numbers them, and a contract converts what is in them."""
    text = '{"m": [{"a": 1, "b": {"s": "t"}}, {"a": 2, "b": {"s": "u"}}]}'
    code, out, err = predict("--format", "json", "--input", text)
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "m": [{"a": 2, "b": {"s": "t"}}, {"a": 4, "b": {"s": "u"}}],
    }
    _, out, _ = predict("--input", text)
    assert [line.split()[0] for line in out.splitlines()[2:]] == [
        "m[0].a",
        "m[0].b.s",
        "m[1].a",
        "m[1].b.s",
    ]
    users = Field("m", MAP, (FREE,), (Field("a", "bfloat16", ()),))
    path = tmp_path / "contract.protobin"
    contract = Contract("m", (Signature("s", (users,), (Field("y", "float32"),)),))
    path.write_bytes(serialise(contract))
    code, out, err = predict(
        "--contract", str(path), "--format", "json", "--input", '{"m": [{"a": 1}, {"a": 2}]}'
    )
    assert (code, json.loads(out), err) == (0, {"m": [{"a": 2}, {"a": 4}]}, "")


def test_maps_are_dotted_in_the_table(predict):
    """The table names what is inside a map by a dotted name."""
    code, out, _ = predict("--input", '{"m": {"a": 1}}')
    assert code == 0
    assert "m.a" in out


def test_signature_encoding_and_address_from_the_environment(command, service, monkeypatch):
    """The signature is passed on, --typed is sent so, APP_PORT says where the service is."""
    monkeypatch.setenv("APP_PORT", service.address.split(":")[1])
    code, _, _ = command("predict", "--signature", "s", "--typed", "--input", '{"x": 1}')
    assert code == 0
    assert service.requests[0].signature_name == "s"
    assert not service.requests[0].reply_context.as_content


def test_csv_columns_are_inputs(predict, service, tmp_path):
    """Each column of a CSV is an input: integers, numbers or strings."""
    path = tmp_path / "rows.csv"
    path.write_text("i,f,s\n1,1.5,a\n2,2,b\n", encoding="utf-8-sig")
    assert predict("--input", path)[0] == 0
    tensors = service.requests[0].tensors
    assert [str(tensors[name]) for name in "ifs"] == ["int64[2]", "float64[2]", "string[2]"]


@pytest.mark.parametrize("signature", ["", "columns"])
def test_null_is_a_value_that_is_missing(predict, service, contract_path, signature):
    """Floats get NaN, and others a mask beside them, with a contract and without."""
    options = ("--signature", signature, "--contract", contract_path) if signature else ()
    text = '{"x": [1.5, null], "q": [null, 2.5], "name": ["", null]}'
    assert predict("--input", text, *options)[0] == 0
    tensors = service.requests[0].tensors
    assert sorted(tensors) == ["name", "name:missing", "q", "x"]
    assert tensors["name:missing"].array.tolist() == [False, True]
    assert np.isnan([tensors["x"].array.ravel()[1], tensors["q"].array.ravel()[0]]).all()


def test_integers_that_are_missing_are_masked(predict, service):
    """They stay integers."""
    assert predict("--input", '{"n": [1, null], "b": [null, true]}')[0] == 0
    tensors = service.requests[0].tensors
    assert [str(tensors[name]) for name in ("n", "b")] == ["int64[2]", "bool[2]"]
    assert tensors["n:missing"].array.tolist() == [False, True]


def test_an_empty_cell_among_numbers_is_missing(predict, service, tmp_path):
    """Among texts it is an empty one; in a matrix of numbers it is NaN."""
    path = tmp_path / "rows.csv"
    path.write_text("i,f,s\n1,1.5,a\n,,\n")
    assert predict("--input", path)[0] == 0
    tensors = service.requests[0].tensors
    assert sorted(tensors) == ["f", "i", "i:missing", "s"]
    assert tensors["s"].array.tolist() == [b"a", b""]
    path.write_text("i,f\n1,1.5\n,2\n")
    assert predict("--input", path, "--input-name", "x")[0] == 0
    assert np.isnan(service.requests[1].tensors["x"].array[1, 0])


def test_csv_as_one_matrix(predict, service, tmp_path):
    """With --input-name all columns are one 2-D input."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,1.5\n2,2\n3,0\n")
    assert predict("--input", path, "--input-name", "x")[0] == 0
    assert str(service.requests[0].tensors["x"]) == "float64[3, 2]"


def test_npz(predict, service, tmp_path):
    """Arrays of an .npz keep their dtypes."""
    path = tmp_path / "arrays.npz"
    np.savez(str(path), x=np.zeros((2, 3), np.uint8))
    assert predict("--input", path)[0] == 0
    assert str(service.requests[0].tensors["x"]) == "uint8[2, 3]"


def test_contract_converts_and_reshapes_columns(predict, service, tmp_path, contract_path):
    """With --contract the inputs arrive in the declared dtypes and shapes; 007 stays text."""
    path = tmp_path / "rows.csv"
    path.write_text("x,q,name\n1,1,007\n2,3,8\n")
    code, _, err = predict("--signature", "columns", "--contract", contract_path, "--input", path)
    assert code == 0, err
    tensors = service.requests[0].tensors
    assert str(tensors["x"]) == "float32[2, 1]"
    assert str(tensors["q"]) == "bfloat16[2]"
    assert tensors["name"].array.tolist() == [b"007", b"8"]


@pytest.mark.parametrize(
    ("signature", "given", "sent"),
    [
        ("map", {"m": {"inner": [1, 2]}}, None),
        ("image", {"i": [[0, 1, 2, 3], [4, 5, 6, 7]]}, "uint8[2, 2, 2]"),
        ("scalar", {"s": [5]}, "int32[]"),
    ],
)
def test_contract_converts_json(predict, service, contract_path, signature, given, sent):
    """Maps, images given as flat rows and scalars given as a list become what is declared."""
    arguments = ("--signature", signature, "--contract", contract_path.parent)
    code, _, err = predict(*arguments, "--input", json.dumps(given))
    assert code == 0, err
    tensor = next(iter(service.requests[0].tensors.values()))
    assert str(tensor if sent else tensor["inner"]) == (sent or "int8[2]")


def test_contract_refuses_before_sending(predict, service, contract_path):
    """What does not fit the contract is shown in the service's own words, and never sent."""
    code, _, err = predict(
        "--signature", "scalar", "--contract", contract_path, "--input", '{"s": 1.5, "t": 1}'
    )
    assert code == 1
    assert 'input "s"' in err
    assert service.requests == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"x": [[1], [1, 2]]}', 'input "x" is ragged'),
        ('{"x": [1, "a"]}', 'input "x" mixes numbers and strings'),
        ('{"x": [1, null, "a"]}', 'input "x" mixes numbers and strings'),
        ('{"x": null}', 'input "x" holds null'),
        ('{"x": 99999999999999999999}', "no 64-bit type"),
        ('{"x": [[{"a": 1}]]}', 'input "x" holds objects'),
        ('{"x": [1,]}', "this JSON cannot be read"),
        ("[1, 2]", "no object"),
        ("", "nothing to read"),
        ("a,b\n", "no rows"),
        ("a,a\n1,2\n", "share a name: a"),
        ("a,b\n1\n", "line 2 of the CSV has 1 values, the header 2 names"),
        ("PK\x03", "this .npz cannot be read"),
        ("\x80", "neither text nor .npz"),
    ],
)
def test_unusable_inputs_say_why(predict, monkeypatch, text, problem):
    """Inputs that cannot be read are shown with the input's name; the exit code is 1."""
    stdin_of(monkeypatch, text.encode("latin-1"))
    code, out, err = predict()
    assert (code, out) == (1, "")
    assert problem in err


def test_matrix_cannot_mix_numbers_and_text(predict, monkeypatch):
    """A text column among numbers cannot be part of one array: it is named."""
    stdin_of(monkeypatch, b"a,b\n1,x\n")
    assert "columns b are no numbers" in predict("--input-name", "x")[2]


def test_missing_file(predict):
    """A file that is not there is shown with what would be taken."""
    code, _, err = predict("--input", "missing.json")
    assert code == 1
    assert "missing.json: No such file" in err


@pytest.mark.parametrize("encoding", ["--content", "--typed"])
def test_by_http_it_is_the_same(command, rest_service, encoding):
    """Where the address is a URL; the encoding is the one chosen."""
    address = ("--address", rest_service.address)
    sent = '{"x": [[1.5, 2.0]], "s": ["grün", null]}'
    code, out, err = command("predict", *address, encoding, "--input", sent, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "s": ["grün", ""],
        "s:missing": [False, True],
        "x": [[3.0, 4.0]],
    }
    assert rest_service.requests[0].reply_context.is_binary == (encoding == "--content")


def test_failures_by_http_are_one_message_each(command, rest_service):
    """The service's words, a URL that is none, and what has no form there."""
    rest_service.failure = (400, b'{"error": "no"}')
    for address, sent, told in (
        (rest_service.address, '{"x": 1}', "400 Bad Request: no\n  request id: abc123\n"),
        ("http://", '{"x": 1}', "HOST:PORT"),
        (rest_service.address, '{"x": {"y": 1}}', 'input "x" is MAP'),
    ):
        code, out, err = command("predict", "--address", address, "--input", sent)
        assert (code, out) == (1, "")
        assert told in err


def test_grpc_failure_is_status_and_details(predict, service):
    """A refused call prints the status, the details and the request's id."""
    service.failure = (grpc.StatusCode.RESOURCE_EXHAUSTED, "the queue is full")
    code, out, err = predict("--input", '{"x": 1}')
    assert (code, out) == (1, "")
    assert err == "RESOURCE_EXHAUSTED: the queue is full\n  request id: abc123\n"


@pytest.mark.parametrize(("health", "code"), [(b"\x08\x01", 0), (b"\x08\x02", 1), (b"", 1)])
def test_health_exit_code(command, service, health, code):
    """The exit code is 0 for SERVING only."""
    service.health = health
    assert command("health", "--address", service.address)[0] == code


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), ""),
        (("--probe", "readiness"), ""),
        (("--probe", "liveness"), "liveness"),
        (("--probe", "container"), "container"),
        (("--service", "a.Service"), "a.Service"),
    ],
)
def test_health_asks_the_question_that_is_meant(command, service, words, name):
    """By the name that the service knows it by; what NOT_SERVING means is on standard error."""
    service.health = b"\x08\x02"
    code, out, err = command("health", "--address", service.address, *words)
    assert (code, out) == (1, "NOT_SERVING\n")
    assert name.encode() in service.asked_health
    assert err.startswith(f"{words[1] if '--probe' in words else 'readiness'}: it")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (401, 1)])
def test_health_by_http_has_the_same_exit_codes(command, rest_service, status, code):
    """503 is NOT_SERVING; what is no answer about health is shown as it is."""
    rest_service.health = status
    assert command("health", "--address", rest_service.address)[0] == code


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ((), "/readyz"),
        (("--probe", "readiness"), "/readyz"),
        (("--probe", "liveness"), "/livez"),
        (("--probe", "container"), "/healthz"),
    ],
)
def test_health_by_http_asks_the_question_that_is_meant(command, rest_service, words, path):
    """By the path that the service knows it by."""
    rest_service.health = 503
    code, out, err = command("health", "--address", rest_service.address, *words)
    assert (code, out) == (1, "NOT_SERVING\n")
    assert rest_service.paths == [path]
    assert err.startswith(f"{words[1] if words else 'readiness'}: it")


def test_health_by_http_knows_no_services_of_grpc(command, rest_service):
    """Their health is the service's own, which needs no name."""
    address = rest_service.address
    code, _, err = command("health", "--address", address, "--service", "a.Service")
    assert code != 0
    assert "--service names a gRPC service" in err


def test_health_has_one_question_at_a_time(command):
    """A gRPC service's name asks for its readiness."""
    code, _, err = command("health", "--probe", "liveness", "--service", "a.Service")
    assert code == 2
    assert "not allowed with" in err


def test_health_of_nobody(command):
    """Nobody there is unhealthy, with a hint."""
    code, out, err = command("health", "--address", "localhost:1")
    assert (code, out) == (1, "")
    assert "nothing answers at localhost:1" in err


@pytest.mark.parametrize("deadline", ["soon", "0s"])
def test_deadline_must_be_a_time(command, deadline):
    """A deadline that is no time is a usage error."""
    code, _, err = command("health", "--deadline", deadline)
    assert code == 2
    assert "expected a time such as 30s" in err
