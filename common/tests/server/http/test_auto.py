import socket

import pytest

from serving_runtime.errors import StartError
from serving_runtime.security import NO_SECURITY
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.health import Health
from serving_runtime.server.http import auto
from serving_runtime.server.http.doors import Doors
from serving_runtime.server.metrics import HttpCounts
from serving_runtime.server.transport import Routes
from serving_runtime.settings import SETTINGS, Settings


@pytest.fixture
def start(run, caplog):
    """Return a function that starts what variables ask for, and stops it; returns whether it is."""
    caplog.set_level("INFO")

    def start(**variables):
        async def whole():
            settings = Settings.from_env({"RUNTIME_HOST": "127.0.0.1", **variables})
            front = auto.Front(FrontLock(), NO_SECURITY, Doors(Health()), HttpCounts())
            found = [
                await begin(Routes({}, {}), settings, front)
                for begin in (auto.start, auto.start_for_metrics)
            ]
            started = [one for one in found if one is not None]
            for one in started:
                await one.stop(0)
            return bool(started)

        return run(whole())

    return start


@pytest.fixture
def taken():
    """Yield a port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield str(other.getsockname()[1])


def test_a_free_port_is_logged(start, caplog):
    """Which one it is, is only there."""
    assert start(RUNTIME_HTTP_PORT="0")
    assert "listening on http://127.0.0.1:" in caplog.text


def test_off_is_off(start, caplog):
    """In silence."""
    assert not start(RUNTIME_HTTP_PORT="off")
    assert caplog.text == ""


def test_a_socket_alone(start, caplog, tmp_path):
    """Beside no port at all."""
    path = str(tmp_path / "http.sock")
    assert start(RUNTIME_HTTP_PORT="off", RUNTIME_HTTP_SOCKET=path)
    assert f"listening on unix:{path}" in caplog.text
    assert "http://" not in caplog.text


@pytest.mark.parametrize("variable", ["RUNTIME_HTTP_PORT", "AIP_HTTP_PORT"])
def test_a_taken_port_that_was_asked_for_stops_the_start(start, taken, variable):
    """By us, or by Vertex AI."""
    with pytest.raises(StartError, match=f"{taken} for HTTP"):
        start(**{variable: taken})


def test_a_taken_port_that_nobody_asked_for_is_a_warning(start, taken, caplog, monkeypatch):
    """Who upgrades goes on with gRPC alone."""
    defaults = [
        it._replace(default=taken) if it.attribute == "http_port" else it for it in SETTINGS
    ]
    monkeypatch.setattr("serving_runtime.settings.SETTINGS", tuple(defaults))
    assert not start()
    assert "RUNTIME_HTTP_PORT is not set: HTTP is not served" in caplog.text


def test_metrics_may_have_a_port_alone(start, caplog):
    """Beside gRPC, where HTTP is off."""
    assert start(RUNTIME_HTTP_PORT="off", RUNTIME_METRICS_PORT="0")
    assert "metrics at port " in caplog.text


def test_a_taken_port_of_the_metrics_stops_the_start(start, taken):
    """It was asked for; the text names the setting that mends it."""
    with pytest.raises(StartError, match="RUNTIME_METRICS_PORT"):
        start(RUNTIME_HTTP_PORT="off", RUNTIME_METRICS_PORT=taken)
