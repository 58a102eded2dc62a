"""Spans reach a collector, over each of OTLP's transports; this needs an environment of its own."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.system.clients import environments

pytestmark = pytest.mark.nightly

SCRIPT = Path(__file__).with_name("spans.py")
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARTS = ["queue", "decode", "model", "encode"]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_spans_reach_a_collector(protocol):
    """One of each call with its parts, in the client's trace if it has one; all when it ends."""
    variables = {**os.environ, "PYTHONPATH": str(environments.ROOT)}
    run = subprocess.run(
        [environments.create("tracing"), SCRIPT, protocol], env=variables, check=True, timeout=300,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    spans = json.loads(run.stdout)
    calls = [span for span in spans if span["name"] not in PARTS]
    assert [span["name"] for span in calls] == [
        "tensorflow.serving.PredictionService/Predict",
        "POST /v1/models/{model}:predict",
        "tensorflow.serving.PredictionService/Predict",
    ]
    first, second, failed = calls
    assert (first["trace"], first["parent"]) == (TRACE_ID, "00f067aa0ba902b7")
    assert second["parent"] == failed["parent"] == ""
    assert (first["status"], failed["status"]) == (0, 2)
    assert {span["service"] for span in spans} == {"tried"}
    for call in (first, second):
        parts = [span for span in spans if span["parent"] == call["id"]]
        assert [part["name"] for part in parts] == PARTS
        assert {part["trace"] for part in parts} == {call["trace"]}
        assert sum(part["nanoseconds"] for part in parts) <= call["nanoseconds"]
    assert "http.response.status_code" in second["attributes"]
    assert {"rpc.method", "error.type"} <= set(failed["attributes"])
