"""The trace that a call is part of, through the real service: to its model, and into its log."""

import json

import pytest

from tests.support import models
from tests.support.processes import wait_until
from tests.support.scrapes import web_of
from tests.support.servers import PREDICT, request

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
SHOWS = """
import logging
from serving_runtime import calls


{prefix}def infer(what, x):
    [call] = calls.current()
    logging.warning("seen %s %s", call.request_id, dict(call.trace))
    return {{"y": x}}


{prefix}def table(rows, weights, count):
    return {{"y": rows[:, 0]}}
"""
BODY = {"signature_name": "infer", "instances": [{"what": "", "x": 1.5}]}


@pytest.mark.parametrize("prefix", ["", "async "], ids=["function", "coroutine"])
def test_a_model_sees_the_trace_of_its_call_and_lines_have_its_id(
    launch, tmp_path, dial, transport, prefix
):
    """By gRPC and by HTTP; a call that is part of none has none."""
    model = models.write(tmp_path / "model", SHOWS.format(prefix=prefix))
    server = launch(
        model, RUNTIME_HTTP_PORT="0", MODEL_NAME="model", RUNTIME_GRPC_TRANSPORT=transport,
        RUNTIME_LOG_FORMAT="json", RUNTIME_LOG_CALLS="all", RUNTIME_LOG_PAYLOADS="1KiB",
    )  # fmt: skip
    connection = dial(server.wait_serving())
    metadata = (("traceparent", PARENT), ("baggage", "a=b"), ("x-request-id", "one"))
    connection.unary_unary(PREDICT, None, None)(request(), metadata=metadata, timeout=60)
    web_of(server).post(
        "/v1/models/model:predict", BODY, traceparent=PARENT, baggage="a=b", x_request_id="two"
    )
    connection.unary_unary(PREDICT, None, None)(
        request(), metadata=(("x-request-id", "three"),), timeout=60
    )
    wait_until(lambda: server.log.count('"message": "call"') == 3, "the lines of all calls")
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert any("PAYLOADS ARE LOGGED" in line["message"] for line in lines)
    seen = {line["id"]: line for line in lines if line["message"].startswith("seen")}
    calls = {line["id"]: line for line in lines if line["message"] == "call"}
    trace = {"traceparent": PARENT, "baggage": "a=b"}
    for name in ("one", "two"):
        assert seen[name]["message"] == f"seen {name} {trace}"
        assert seen[name]["trace_id"] == calls[name]["trace_id"] == TRACE_ID
    assert seen["three"]["message"] == "seen three {}"
    assert "trace_id" not in {**seen["three"], **calls["three"]}
    assert json.loads(calls["two"]["request"]) == BODY
    assert calls["one"]["request"].startswith("base64:")
    server.end()
