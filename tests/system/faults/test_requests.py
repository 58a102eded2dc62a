from typing import Any

import grpc
import numpy as np
import pytest

import hydro_serving_grpc as hs
from serving_runtime.client import encode_request
from tests.support import models
from tests.support.processes import wait_until
from tests.support.servers import (
    PREDICT,
    SERVING,
    assert_bit_exact,
    assert_refused,
    channel,
    failure,
    is_one_line,
    request,
    seen,
)

MIB = 2**20
ROWS = [[1.0, 2.0, 3.0]]


def table(**changes):
    """Return a good request to ``table`` with inputs changed, added, or left out if None."""
    inputs = {"rows": ROWS, "weights": np.ones(3, "f4"), "count": np.int64(1), **changes}
    return encode_request("table", {k: v for k, v in inputs.items() if v is not None}, True)


def with_rows(dims, **fields):
    """Return a good request to ``table`` whose input "rows" is replaced by hand."""
    message = hs.PredictRequest.FromString(table())
    rows = message.inputs["rows"]
    rows.Clear()
    rows.dtype = hs.DT_DOUBLE
    for size in dims:
        rows.tensor_shape.dim.add(size=size)
    for name, value in fields.items():
        getattr(rows, name).extend(value) if isinstance(value, list) else setattr(rows, name, value)
    return message.SerializeToString()


# What is sent, and words of the answer.
REFUSED = {
    "unknown signature": (
        encode_request("infre", {}, True),
        ["infre signature is not present in the model", '"infer"', "table"],
    ),
    "missing": (table(count=None), ['input "count" is missing', "int64"]),
    "extra": (table(more=1.0), ['input "more" is not in the signature']),
    "misspelt": (table(count=None, cuont=1), ['"count" is missing', 'did you mean "count"']),
    "wrong kind": (table(count=1.5), ['input "count"', "expected int64", "float64", "cast"]),
    "text for numbers": (table(rows=[["a", "b", "c"]]), ['input "rows"', "string"]),
    "wrong rank": (table(rows=ROWS[0]), ["expected float64[-1, 3]", "float64[3]", "leading axis"]),
    "wrong dimension": (table(rows=[[1.0, 2.0]]), ["[-1, 3]", "[1, 2]"]),
    "all at once": (table(rows=[[1.0]], count=None), ['"rows"', '"count" is missing']),
    "too short": (with_rows([2, 3], tensor_content=bytes(40)), ["5 values for 6 elements"]),
    "too long": (with_rows([1, 3], tensor_content=bytes(48)), ["6 values for 3 elements"]),
    "typed and too long": (with_rows([1, 3], double_val=[1.0] * 4), ["4 values for 3 elements"]),
    "torn element": (with_rows([1, 3], tensor_content=bytes(23)), ["23 bytes", "multiple"]),
    "no values": (with_rows([1, 3]), ["no values for 3 elements"]),
    "overflow to 0": (with_rows([2**32, 2**32], double_val=[1.0]), ["too large for any array"]),
    "overflow to -1": (with_rows([2**63 - 1, 3], double_val=[1.0]), ["too large for any array"]),
    "overflow and zero": (with_rows([2**62, 0, 3]), ["rows"]),
    "negative": (with_rows([-2, -3], double_val=[1.0] * 6), ["dimension -2", "negative"]),
    "most negative": (with_rows([-(2**63), 3], double_val=[1.0]), ["negative"]),
    "two unknown": (with_rows([-1, -1], double_val=[1.0] * 3), ["more than one -1"]),
    "many dimensions": (with_rows([1] * 10000, double_val=[1.0]), ["10000 dimensions"]),
    "not protobuf": (b"\xff\xfe\xfd undecodable", ["not a PredictRequest"]),
    "cut short": (table()[:-1], ["not a PredictRequest"]),
    "nothing": (b"", ["signature"]),
    "not UTF-8": (
        encode_request("infer", {"what": np.array([b"\xff"], object), "x": [1.0]}, True),
        ['input "what"', "not UTF-8"],
    ),
    "rows apart": (
        encode_request("infer", {"what": ["", ""], "x": [1.0]}, True),
        ['"x" has 1 rows', '"what" has 2'],
    ),
}

# What the model does, the status, and words of the answer.
FAILING = {
    "exception": ("raise oh no", "INTERNAL", "ValueError('oh no')"),
    "SystemExit": ("quit 3", "INTERNAL", "SystemExit(3)"),
    "KeyboardInterrupt": ("interrupt", "INTERNAL", "KeyboardInterrupt()"),
    "enormous message": ("enormous", "INTERNAL", "ValueError('xxxxxxxxxx"),
    "no repr": ("unprintable", "INTERNAL", "Unprintable"),
    "wrong type": ("return a number", "OUT_OF_RANGE", "Type of a result ("),
    "no output": ("return nothing", "OUT_OF_RANGE", 'output "y" is missing'),
    "wrong dtype": ("return text", "OUT_OF_RANGE", 'output "y": expected float64[-1], got string'),
    "wrong rank": ("return a table", "OUT_OF_RANGE", 'output "y": expected float64[-1]'),
    "crash of a child": ("child import os; os.abort()", "INTERNAL", "CalledProcessError(-6,"),
}


@pytest.fixture(scope="module")
def server(launch, tmp_path_factory):
    """One server for all of the module's requests."""
    model = models.write_obedient(tmp_path_factory.mktemp("model") / "obedient")
    return launch(model).wait_serving()


@pytest.fixture
def connection(server):
    """A channel to the server, which answers as it did before, and lost no worker meanwhile."""
    workers = server.workers
    with channel(server.address) as opened:
        assert_bit_exact(opened)
        yield opened
        assert_bit_exact(opened)
    assert server.health() == SERVING
    assert server.workers == workers


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_request_is_refused_with_its_reason(connection, case):
    """What breaks the contract gets INVALID_ARGUMENT, and one line that says what and why."""
    payload, words = REFUSED[case]
    assert_refused(connection, payload, words)


@pytest.mark.parametrize("case", FAILING)
def test_a_failing_model_is_told_and_lives_on(connection, case):
    """What the model does wrong reaches its caller in one line and harms nothing else."""
    what, expected_status, words = FAILING[case]
    status, details = failure(connection, request(what))
    assert status == expected_status
    assert is_one_line(details)
    assert words in details


def test_a_failure_names_the_request(connection, server):
    """The request id that a client sent is in the failure's trailing metadata and in the log."""
    call = connection.unary_unary(PREDICT, None, None)
    with pytest.raises(grpc.RpcError) as caught:
        call(request("raise x"), timeout=30, metadata=[("x-request-id", "find-me-123")])
    metadata: Any = caught.value.trailing_metadata()
    assert dict(metadata)["x-request-id"] == "find-me-123"
    wait_until(lambda: server.log.count("find-me-123") >= 2, "the front's and the worker's lines")


def test_no_payload_reaches_the_log(connection, server):
    """Values of a request are never logged."""
    failure(connection, table(rows=[["marked-payload", "b", "c"]]))
    assert "marked-payload" not in server.log


@pytest.mark.parametrize("method", ["/tensorflow.serving.PredictionService/Predikt", "/x.Y/Z"])
def test_an_unknown_method_is_unimplemented(connection, method):
    """A method that the service does not have gets UNIMPLEMENTED."""
    with pytest.raises(grpc.RpcError) as caught:
        connection.unary_unary(method, None, None)(b"", timeout=30)
    assert seen(caught.value).status == "UNIMPLEMENTED"


@pytest.mark.timeout(60)
def test_100_mb_over_the_limit_is_refused(connection):
    """A request far larger than the default limit of 256 MiB gets RESOURCE_EXHAUSTED."""
    status, details = failure(connection, bytes(256 * MIB + 100 * 10**6))
    assert status == "RESOURCE_EXHAUSTED"
    assert str(256 * MIB) in details


def test_the_size_limit_is_exact(serve, dial):
    """A request of just the limit is let in, and one of a byte more is refused."""
    connection = dial(serve(RUNTIME_MAX_MESSAGE_BYTES="64KiB"))
    payload = b"\xff" * (64 * 1024)  # what is let in is no PredictRequest
    assert failure(connection, payload[:-1]).status == "INVALID_ARGUMENT"
    assert failure(connection, payload).status == "INVALID_ARGUMENT"
    assert failure(connection, payload + b"\xff").status == "RESOURCE_EXHAUSTED"
    assert_bit_exact(connection)
