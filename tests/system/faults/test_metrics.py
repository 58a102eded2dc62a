"""The metrics of the real service: exact over every protocol, whatever becomes of the workers."""

import http.client
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from hydro_serving_grpc.messages import message_class
from tests.support import models
from tests.support.callers import Callers
from tests.support.processes import wait_until
from tests.support.scrapes import scrape, scrape_until, web_of
from tests.support.servers import PREDICT, ask, failure, request

GOOD, BAD = 7, 3
INFER = "/inference.GRPCInferenceService/ModelInfer"
UNREADABLE = b"\xff\xff"
CALLERS = 64
# What a scrape may take on a machine that is busy with other tests as well.
SCRAPE_SECONDS = 30.0
V2 = {
    "parameters": {"signature_name": "infer"},
    "inputs": [
        {"name": "what", "datatype": "BYTES", "shape": [1], "data": [""]},
        {"name": "x", "datatype": "FP64", "shape": [1], "data": [1.5]},
    ],
}
V1 = {"signature_name": "infer", "instances": [{"what": "", "x": 1.5}]}
ROUTES = {
    "/v2/models/{model}/infer": ("/v2/models/model/infer", V2),
    "/v1/models/{model}:predict": ("/v1/models/model:predict", V1),
}


def method(metrics, name, service, grpc_method, **labels):
    """Return a counter of one gRPC method."""
    return metrics.value(name, grpc_service=service, grpc_method=grpc_method, **labels)


def infer_request():
    """Return a good request of Open Inference."""
    wanted = message_class("inference.ModelInferRequest")(model_name="model")
    wanted.parameters["signature_name"].string_param = "infer"
    what = wanted.inputs.add(name="what", datatype="BYTES", shape=[1])
    what.contents.bytes_contents.append(b"")
    x = wanted.inputs.add(name="x", datatype="FP64", shape=[1])
    x.contents.fp64_contents.append(1.5)
    return wanted.SerializeToString()


def test_each_call_by_grpc_is_counted_once(serve, dial):
    """Good and bad ones, by method and status, also of a method that there is not."""
    server = serve(RUNTIME_HTTP_PORT="0", MODEL_NAME="model")
    connection = dial(server)
    wires = {
        PREDICT: ("tensorflow.serving.PredictionService", "Predict", request()),
        INFER: ("inference.GRPCInferenceService", "ModelInfer", infer_request()),
    }
    for path, (_, _, payload) in wires.items():
        for sent in [payload] * GOOD + [UNREADABLE] * BAD:
            connection.unary_unary(path, None, None).future(sent).exception()
    connection.unary_unary("/no.Service/Method", None, None).future(b"").exception()
    metrics = scrape(server)
    for service, name, _ in wires.values():
        codes = metrics.nonzero("grpc_server_handled_total", "grpc_code", grpc_method=name,
                                grpc_service=service)  # fmt: skip
        assert codes == {"OK": GOOD, "InvalidArgument": BAD}
        for counter in ("grpc_server_started_total", "grpc_server_handling_seconds_count"):
            assert method(metrics, counter, service, name) == GOOD + BAD
    assert method(metrics, "grpc_server_handled_total", "unknown", "unknown",
                  grpc_code="Unimplemented") == 1  # fmt: skip
    statuses = metrics.nonzero("serving_runtime_calls_total", "status", signature="infer")
    assert statuses == {"OK": GOOD * len(wires)}
    assert metrics.value("serving_runtime_calls_total", status="INVALID_ARGUMENT") == BAD * len(
        wires
    )
    for part in ("queue", "decode", "model", "encode"):
        found = metrics.value(f"serving_runtime_{part}_seconds_count", signature="infer")
        assert found == GOOD * len(wires)
    assert metrics.value("request_predict_seconds_count") == GOOD * len(wires)
    assert metrics.value("serving_runtime_batch_calls_sum") == GOOD * len(wires)
    assert metrics.nonzero("serving_runtime_failures_total", "reason") == {
        "invalid_input": BAD * len(wires)
    }


@pytest.mark.nightly
def test_each_request_by_http_is_counted_once(serve):
    """By the route's template and the status; what has no route is one series."""
    server = serve(RUNTIME_HTTP_PORT="0", MODEL_NAME="model")
    web = web_of(server)
    for path, body in ROUTES.values():
        for sent in [body] * GOOD + ["{"] * BAD:
            web.post(path, sent)
    for path in ("/nowhere", "/elsewhere/1", "/elsewhere/2"):
        assert web.get(path).status == 404
    metrics = scrape(server)
    name = "http_server_request_duration_seconds_count"
    for route in ROUTES:
        found = metrics.nonzero(name, "http_response_status_code", http_route=route)
        assert found == {"200": GOOD, "400": BAD}
    unmatched = metrics.nonzero(name, "http_response_status_code", http_route="unmatched")
    assert unmatched == {"404": 3}
    assert metrics.value("serving_runtime_calls_total", status="OK") == GOOD * len(ROUTES)


@pytest.mark.nightly
def test_what_was_wrong_is_counted_by_its_kind(serve):
    """Each problem of a request, and each input that was converted."""
    server = serve(RUNTIME_HTTP_PORT="0", MODEL_NAME="model")
    web, path = web_of(server), "/v2/models/model/infer"
    [what, x] = V2["inputs"]
    for inputs in ([what], [what, {**x, "name": "z"}], [what, {**x, "datatype": "FP32"}]):
        web.post(path, {**V2, "inputs": inputs})
    metrics = scrape(server)
    assert metrics.nonzero("serving_runtime_problems_total", "kind") == {
        "missing": 2, "unexpected": 1,
    }  # fmt: skip
    assert metrics.nonzero("serving_runtime_cast_inputs_total", "signature") == {"infer": 1}


def test_counts_survive_the_workers(serve, dial):
    """A call that ends its workers is one call, and what was counted before stays."""
    server = serve(RUNTIME_HTTP_PORT="0")
    connection = dial(server)
    for _ in range(GOOD):
        ask(connection, request(), 60)
    assert failure(connection, request("exit 3")).status == "INTERNAL"
    for _ in range(GOOD):
        ask(connection, request(), 60)
    metrics = scrape_until(
        server, lambda it: it.value("serving_runtime_workers") == 1, "the worker's replacement"
    )
    statuses = metrics.nonzero("grpc_server_handled_total", "grpc_code", grpc_method="Predict")
    assert statuses == {"OK": 2 * GOOD, "Internal": 1}
    assert metrics.value("serving_runtime_model_seconds_count") == 2 * GOOD
    assert metrics.nonzero("serving_runtime_worker_ends_total", "reason") == {"exit": 2}
    assert metrics.value("serving_runtime_retries_total") == 1
    assert metrics.value("serving_runtime_worker_starts_total") == 3


@pytest.mark.nightly
def test_calls_that_their_clients_give_up_are_counted(serve, dial):
    """Cancelled is cancelled, and late is late; each is one call that was handled."""
    server = serve(RUNTIME_HTTP_PORT="0")
    connection = dial(server)
    call = connection.unary_unary(PREDICT, None, None).future(request("await go"))
    scrape_until(server, lambda it: it.value("serving_runtime_calls_running") == 1, "the call")
    call.cancel()
    assert failure(connection, request(), 0.5).status == "DEADLINE_EXCEEDED"
    metrics = scrape_until(
        server,
        lambda it: it.value("grpc_server_handled_total", grpc_method="Predict") == 2,
        "the end of both",
    )
    assert metrics.nonzero("grpc_server_handled_total", "grpc_code", grpc_method="Predict") == {
        "Canceled": 1, "DeadlineExceeded": 1,
    }  # fmt: skip
    assert metrics.value("serving_runtime_calls_total") == 2
    server.note("go").write_text("")


@pytest.mark.nightly
def test_a_message_that_is_too_large_is_counted(serve, dial, transport):
    """Though gRPC itself refuses it, and grpcio's public server tells nobody."""
    server = serve(RUNTIME_HTTP_PORT="0", RUNTIME_MAX_MESSAGE_BYTES="64KiB")
    assert failure(dial(server), bytes(1 << 20)).status == "RESOURCE_EXHAUSTED"
    metrics = scrape_until(
        server,
        lambda it: it.value("grpc_server_handled_total", grpc_method="Predict") == 1,
        "the end of the call",
    )
    codes = metrics.nonzero("grpc_server_handled_total", "grpc_code", grpc_method="Predict")
    assert codes == {"ResourceExhausted": 1}
    assert metrics.value("grpc_server_started_total", grpc_method="Predict") == 1
    assert web_of(server).post("/v1/models/model:predict", "x" * (1 << 20)).status == 413
    refusals = scrape(server).nonzero("serving_runtime_refusals_total", "reason")
    assert refusals == {"request_too_large": 2}


def test_the_series_are_constant_however_clients_call(serve, dial):
    """No word of a client becomes a label, and what can fail is there at 0 before it does."""
    server = serve(RUNTIME_HTTP_PORT="0", MODEL_NAME="model")
    web, connection = web_of(server), dial(server)
    before = set(scrape(server).samples)
    for odd in ("a", "b", "/metrics/c", "x" * 500):
        web.get(f"/{odd}")
        web.post(f"/v2/models/{odd}/infer", V2)
        web.post("/v2/models/model/infer", {**V2, "parameters": {"signature_name": odd}})
        connection.unary_unary(f"/{odd}/{odd}", None, None).future(b"").exception()
        failure(connection, request(signature=odd))
        failure(connection, request("raise KeyError"))
        ask(connection, request(), 60)
    assert set(scrape(server).samples) == before


def test_a_scrape_neither_takes_long_nor_costs_a_call(serve):
    """While many call; and what it says is whole."""
    server = serve(RUNTIME_HTTP_PORT="0")
    with Callers(server.address, CALLERS) as callers:
        callers.wait_answers(CALLERS)
        for _ in range(5):
            began = time.monotonic()
            running = scrape(server)
            assert time.monotonic() - began < SCRAPE_SECONDS
            assert running.value("serving_runtime_ready") == 1
        callers.wait_answers(2 * CALLERS)
    assert callers.failures == []
    metrics = scrape_until(
        server,
        lambda it: (
            it.value("serving_runtime_calls_running") == 0
            and it.value("serving_runtime_calls_waiting") == 0
        ),
        "the last call",
    )
    ended = metrics.value("serving_runtime_calls_total")
    assert metrics.value("grpc_server_handled_total", grpc_method="Predict") == ended
    assert metrics.value("grpc_server_started_total", grpc_method="Predict") == ended


@pytest.mark.nightly
def test_metrics_have_their_token_their_port_and_their_form(serve, tmp_path):
    """They are guarded as calls are, unless opened; a port of their own has nothing else."""
    tokens = tmp_path / "tokens"
    tokens.write_text("a-secret-token\n", encoding="ascii")
    guarded = web_of(serve(RUNTIME_HTTP_PORT="0", RUNTIME_TOKEN_FILE=str(tokens)))
    assert guarded.get("/metrics").status == 401
    assert guarded.get("/metrics", authorization="Bearer a-secret-token").status == 200
    server = serve(
        RUNTIME_HTTP_PORT="0", RUNTIME_TOKEN_FILE=str(tokens), RUNTIME_OPEN_METRICS="1",
        RUNTIME_METRICS_PORT="0",
    )  # fmt: skip
    wait_until(lambda: "metrics at port" in server.log, "the port of the metrics")
    [line] = [line for line in server.log.splitlines() if "metrics at port" in line]
    assert web_of(server).get("/metrics").status == 401  # there is none
    connection = http.client.HTTPConnection("127.0.0.1", int(line.rpartition(" ")[2]), timeout=60)
    connection.request("GET", "/metrics", headers={"accept": "application/openmetrics-text"})
    reply = connection.getresponse()
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    text = reply.read().decode()
    assert text.endswith("# EOF\n")
    assert {family.name for family in text_string_to_metric_families(text)} > {
        "grpc_server_handled"
    }
    connection.request("GET", "/readyz")
    assert connection.getresponse().status == 401
    connection.close()


OWN = """
import os
from serving_runtime import metrics

rows = metrics.counter("my_rows", "Rows by sign.", labels=("sign",))
sizes = metrics.histogram("my_sizes", "Rows of each call.", buckets=(1, 10))
metrics.gauge("my_level", "Set at load.").set(7)


def infer(what, x):
    rows.inc(len(x), sign="+" if x[0] > 0 else "-")
    sizes.observe(len(x))
    if what[0] == "end":
        os._exit(3)
    return {"y": x}


def table(rows, weights, count):
    return {"y": rows[:, 0]}
"""


def test_a_model_s_own_metrics_outlive_its_workers(launch, tmp_path, dial):
    """What a call has counted is there once it is answered, and stays; a warm-up counts nothing."""
    model = models.write(tmp_path / "model", OWN)
    server = launch(model, RUNTIME_HTTP_PORT="0", MODEL_NAME="model", RUNTIME_WORKERS="2")
    connection = dial(server.wait_serving())
    for _ in range(GOOD):
        ask(connection, request(x=[1.0, 2.0]), 60)
        ask(connection, request(x=[-1.0]), 60)
    assert failure(connection, request("end")).status == "INTERNAL"
    metrics = scrape(server)
    assert metrics.nonzero("my_rows_total", "sign", model_name="model") == {
        "+": 2 * GOOD, "-": GOOD,
    }  # fmt: skip
    assert metrics.value("my_sizes_count") == 2 * GOOD
    assert metrics.value("my_sizes_bucket", le="1.0") == GOOD
    assert metrics.value("my_level") == 7
    [statistics] = web_of(server).get("/v2/models/model/stats").json["model_stats"]
    assert statistics["inference_stats"]["success"]["count"] == 2 * GOOD  # of both workers
    assert statistics["inference_stats"]["fail"]["count"] == 1
    server.end()
