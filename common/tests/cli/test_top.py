import itertools

import pytest

from serving_runtime.cli import top
from serving_runtime.cli.top_screen import screen
from serving_runtime.client.scraped import Change, Scraped
from serving_runtime.errors import Status
from serving_runtime.ipc.frames import Timings
from serving_runtime.server.metrics import Counters, GrpcCounts, HttpCounts
from serving_runtime.server.metrics.collector import Collector, Gauges
from serving_runtime.server.metrics.counters import Served
from serving_runtime.server.metrics.exposition import Exposition
from serving_runtime.server.metrics.values import Load


class Front:
    """A front's counts, and what a scrape of them says."""

    def __init__(self):
        self.counters = Counters()
        self.counters.served = Served("python", "", "YAML", 1.0, 1.0)
        self.counters.model.know(["s"])
        gauges = Gauges(lambda: "m", lambda: True, lambda: Load(1, 2, 3), list,
                        lambda: (0, 0))  # fmt: skip
        self._collector = Collector(self.counters, GrpcCounts(), HttpCounts(), gauges)

    def call(self, seconds, status=Status.OK):
        """Count a call."""
        self.counters.model.note(1, status, 0.0, Timings(0, 0, seconds, 0, 4, 1, 0), 2048, 10)

    def text(self):
        """Return the metrics as they are written."""
        return Exposition().write(self._collector.snapshot(), "")[1].decode()


@pytest.fixture
def front():
    """Counts of one call, long ago."""
    front = Front()
    front.call(5.0)
    return front


def test_a_screen_is_of_the_last_interval(front):
    """Rates and times are of what came between two readings; what went wrong is of all time."""
    before = Scraped(front.text(), 10.0)
    for _ in range(19):
        front.call(0.0004)
    front.call(0.0004, Status.INTERNAL)
    front.counters.model.note_failure("model_failed", "")
    front.counters.worker_deaths["exited with code 3"] = 2
    text = screen(before, Scraped(front.text(), 12.0))
    words = " ".join(text.split())
    assert "m: ready; python, Python 3" in words
    assert "calls/s 10.0 failed/s 0.5 running 1 waiting 2 in/s 100 B out/s 20.0 KiB" in words
    assert "rows/run 4.0" in words
    assert "model 0.40 0.38 0.50" in words
    assert "failures model_failed 1 0.5" in words
    assert "ended: exit 2" in words
    assert "front" in words


def test_the_first_screen_has_no_rates(front):
    """There is nothing yet that they could be of."""
    text = screen(None, Scraped(front.text(), 1.0))
    assert "/s" not in text
    assert "running 1   waiting 2" in text


def test_nothing_between_two_readings_is_no_time(front):
    """It is not 0, which would look fast."""
    both = [Scraped(front.text(), seconds) for seconds in (1.0, 2.0)]
    assert "model – – –" in " ".join(screen(*both).split())
    assert "NOT READY; no model is loaded yet" not in screen(*both)
    assert screen(None, Scraped("", 1.0)).startswith("NOT READY; no model is loaded yet")


def test_a_service_that_has_started_again_counts_from_its_start(front):
    """Its counters are smaller than before."""
    for _ in range(9):
        front.call(1.0)
    before = Scraped(front.text(), 1.0)
    again = Front()
    again.call(3.0)
    change = Change(before, Scraped(again.text(), 2.0))
    assert change.rate("serving_runtime_calls_total") == 1
    assert change.quantile("serving_runtime_model_seconds", 0.5) == pytest.approx(3.75)


def test_top_looks_again_and_again(command, monkeypatch, front):
    """Every interval, with what has changed since; it ends with the service, and says why."""
    seconds = itertools.count(1)
    monkeypatch.setattr(top.time, "sleep", lambda _: front.call(0.1))
    monkeypatch.setattr(
        "serving_runtime.client.scraped.scrape",
        lambda client, deadline: Scraped(front.text(), next(seconds)),
    )
    code, out, _ = command("top", "--address", "localhost:1", "--count", "3", "--interval", "1s")
    assert (code, out.count("m: ready"), out.count("calls/s 1.0")) == (0, 3, 2)


def test_top_needs_a_service_with_metrics(command, rest_service):
    """What else answers there is no service of ours."""
    assert command("top", "--address", "http://127.0.0.1:1")[0] == 1
    code, _, err = command("top", "--address", "unix:/tmp/x")
    assert (code, "metrics come by HTTP" in err) == (1, True)
    code, _, err = command("top", "--address", rest_service.address.replace("http://", ""))
    assert code == 1
    assert "/metrics is no metrics" in err


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://localhost:8080"),
        ({"RUNTIME_HTTP_PORT": "81"}, "http://localhost:81"),
        ({"RUNTIME_METRICS_PORT": "9100"}, "http://localhost:9100"),
        ({"RUNTIME_HTTP_PORT": "off"}, None),
    ],
)
def test_without_an_address_it_is_the_service_of_this_container(monkeypatch, command, environ, url):
    """At the port that its own settings say."""
    asked = []
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(top, "_scrapes", lambda arguments: asked.append(top._url(arguments)) or [])
    code, _, err = command("top")
    assert (code, asked) == ((0, [url]) if url else (1, []))
    assert url or "this service has no HTTP port" in err
