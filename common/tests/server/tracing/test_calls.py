import threading
import time

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import Timings
from serving_runtime.operations import PREDICT, REST_INFER
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.http import statuses
from serving_runtime.server.tracing import calls
from serving_runtime.server.tracing.calls import CallTracer, Sampling, SpanRecorder
from serving_runtime.server.transport import Reply

IDS = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{IDS}-01", f"00-{IDS}-00"
OWN = f"00-{IDS[:32]}-1111111111111111-01"


class Recorder(SpanRecorder):
    """Keeps what it is given."""

    def __init__(self):
        self.begun, self.ended = [], []
        self.collector = threading.Event()

    def begin(self, name, parent, began, attributes):
        """Note a span's begin."""
        self.begun.append((name, parent, attributes))
        return name, OWN

    def end(self, span, whole, parts, error):
        """Note its end."""
        self.ended.append((span, whole, list(parts), error))

    def close(self):
        """Send for as long as the collector wants."""
        self.collector.wait()
        self.ended.append("closed")


def traced(outcome, operation=PREDICT, attributes=(), waits=True, **environ):
    """Return what is recorded of a call, and the call."""
    recorder = Recorder()
    call = FrontCall(1, operation, b"", "abc", time.monotonic() + 60)
    call.attributes = dict(attributes)
    CallTracer(recorder, environ, statuses.status_of).begin(call)
    if waits:
        call.sent = call.received + 0.5
        call.timings = Timings(0.1, 0.2, 3.0, 0.4, 8, 4, 0)
    call.finish(outcome)
    return recorder, call


GOOD = Reply(Status.OK, "", b"")


def test_a_call_has_a_span_and_one_for_each_part():
    """With what the conventions want to know, and the model is shown the span as its parent."""
    recorder, call = traced(GOOD, attributes={"traceparent": SAMPLED, "tracestate": "a=b"})
    [(name, parent, attributes)] = recorder.begun
    assert (name, parent) == (PREDICT.grpc_method[1:], (SAMPLED, "a=b"))
    assert attributes == {
        "rpc.system.name": "grpc", "rpc.method": name, "serving_runtime.request_id": "abc",
    }  # fmt: skip
    assert call.attributes == {"traceparent": OWN, "tracestate": "a=b"}
    [(_, whole, parts, error)] = recorder.ended
    assert (whole.attributes, error) == ({"rpc.response.status_code": "OK"}, "")
    assert whole.began == pytest.approx(time.time(), abs=5)
    assert [(part.name, round(part.ended - part.began, 3)) for part in parts] == [
        ("queue", 0.5), ("decode", 0.1), ("model", 3.0), ("encode", 0.4),
    ]  # fmt: skip
    assert parts[2].attributes == {"serving_runtime.batch.rows": 8}
    assert parts[2].began - parts[1].ended == pytest.approx(0.2, abs=0.001)


def test_of_http_it_has_the_route_and_the_status():
    """A caller's fault is an error's type, and no error of the server."""
    bad = Reply(Status.INVALID_ARGUMENT, "why", b"", "invalid_input")
    recorder, _ = traced(bad, REST_INFER, waits=False)
    assert recorder.begun[0][0] == "POST /v2/models/{model}/infer"
    assert recorder.begun[0][2]["http.route"] == "/v2/models/{model}/infer"
    [(_, whole, parts, error)] = recorder.ended
    assert whole.attributes == {"http.response.status_code": 400, "error.type": "invalid_input"}
    assert (parts, error) == ([], "")


def test_what_fails_in_the_server_is_an_error():
    """With what its client is told."""
    [(_, whole, _, error)] = traced(Reply(Status.INTERNAL, "why", b"", "model_failed"))[0].ended
    assert (whole.attributes["error.type"], error) == ("model_failed", "why")


@pytest.mark.parametrize(
    ("sampler", "ratio", "parent", "is_sampled"),
    [
        ("", "", "", True),
        ("", "", SAMPLED, True),
        ("", "", UNSAMPLED, False),
        ("parentbased_always_off", "", "", False),
        ("parentbased_always_off", "", SAMPLED, True),
        ("always_off", "", SAMPLED, False),
        ("always_on", "", UNSAMPLED, True),
        ("parentbased_traceidratio", "0", "", False),
        ("traceidratio", "1", UNSAMPLED, True),
        ("traceidratio", "odd", "", True),
    ],
)
def test_which_calls_are_recorded(sampler, ratio, parent, is_sampled):
    """As the standard variables say; a client's decision counts, unless they say otherwise."""
    environ = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": ratio}
    assert Sampling(environ).samples(parent) is is_sampled


def test_a_call_that_is_not_recorded_keeps_its_parent():
    """It is passed on as it came."""
    recorder, call = traced(GOOD, attributes={"traceparent": UNSAMPLED})
    assert (recorder.begun, recorder.ended) == ([], [])
    assert call.attributes == {"traceparent": UNSAMPLED}


def test_a_part_of_the_calls_is_recorded():
    """About as many as the ratio says."""
    environ = {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    sampling = Sampling(environ)
    assert 800 < sum(sampling.samples("") for _ in range(4000)) < 1200


@pytest.mark.parametrize("is_there", [True, False])
def test_a_collector_that_is_gone_keeps_no_service_from_its_end(loop, monkeypatch, is_there):
    """What is not sent by then is lost."""
    monkeypatch.setattr(calls, "CLOSE_SECONDS", 60.0 if is_there else 0.05)
    recorder = Recorder()
    if is_there:
        recorder.collector.set()
    loop.run_until_complete(CallTracer(recorder, {}, statuses.status_of).close())
    assert recorder.ended == (["closed"] if is_there else [])
    recorder.collector.set()
