import contextlib
import time
from signal import SIGTERM

import grpc
import pytest

from experiments.reliability import calling, restarts
from serving_runtime.cli import kubernetes
from serving_runtime.settings import Settings
from tests.support import models
from tests.support.processes import wait_until
from tests.support.servers import NOT_SERVING, PREDICT, Server, channel, request

SHORT = {
    "RUNTIME_DRAIN_DELAY": "300ms",
    "RUNTIME_CONNECTION_AGE": "200ms",
    "RUNTIME_DRAIN_TIMEOUT": "500ms",
}


@pytest.fixture
def server(tmp_path):
    """Serve the obedient model with a short drain."""
    model = models.write_obedient(tmp_path / "model")
    server = Server(model, tmp_path, **SHORT)
    yield server.wait_serving()
    server.end()


@pytest.fixture
def hang(server):
    """Return a function that lets the model's worker do something that never ends."""
    with channel(server.address) as connection:
        calls = []

        def begin(deed):
            call = connection.unary_unary(PREDICT, None, None)
            calls.append(call.future(request(f"note begun then {deed}"), timeout=60))
            wait_until(lambda: server.runs("begun"), "the call to run")

        yield begin
        for call in calls:
            with contextlib.suppress(grpc.RpcError, grpc.FutureCancelledError):
                call.result()


@pytest.mark.nightly
def test_rolling_restarts_lose_nothing():
    """Both servers are replaced while clients call: no call fails, and each end is clean."""
    findings = restarts.EXPERIMENT.try_with("--restarts 3 --requests 300")
    assert findings.wrong == []
    assert findings.counts["restarts"] == 3
    assert findings.counts["requests"] >= 300


@pytest.mark.apt
def test_restarts_behind_a_proxy_of_http_lose_nothing():
    """Nor do those of servers of HTTP, behind HAProxy."""
    findings = calling.over_http(restarts.EXPERIMENT).try_with("--restarts 3 --requests 300")
    assert findings.wrong == []
    assert findings.counts["requests"] >= 300


@pytest.mark.parametrize("deed", [pytest.param("loop", marks=pytest.mark.nightly), "hold 60"])
def test_the_longest_drain_fits_into_the_grace_period(server, hang, deed):
    """A client that never leaves, a call and a close that never end: each step takes its longest.

    What holds the interpreter's lock cannot even be told to stop.
    """
    hang(deed)
    began = time.monotonic()
    server.signal(SIGTERM)
    assert server.wait() == 0
    seconds = time.monotonic() - began
    wait_until(lambda: not server.processes, "no process left")
    settings = Settings.from_env(SHORT)
    leaving_seconds = 0.3 + 0.2 * 1.1 + 1.0
    assert leaving_seconds + 0.5 + 2.0 <= seconds <= kubernetes.grace_seconds(settings)


def test_a_second_sigterm_hurries_a_service_that_hangs(server, hang):
    """Who sends SIGTERM twice waits for no client, and for the call no longer than is set."""
    hang("loop")
    server.signal(SIGTERM)
    wait_until(lambda: server.health() == NOT_SERVING, "NOT_SERVING")
    server.signal(SIGTERM)
    assert server.wait() == 0
    assert server.log.count("SIGTERM: shutting down") == 2
    wait_until(lambda: not server.processes, "no process left")
