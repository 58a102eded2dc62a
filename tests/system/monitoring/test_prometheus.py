"""A real Prometheus scrapes a real service: every expression is answered, and alerts can fire."""

import contextlib
import json
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from tests.support import models
from tests.support.processes import wait_until
from tests.support.scrapes import web_of
from tests.support.servers import PREDICT, request
from tests.system.monitoring import data
from tools.offline import packages

pytestmark = pytest.mark.apt

CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: models, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""
V1 = {"signature_name": "infer", "instances": [{"what": "", "x": 1.5}]}
WAIT_SECONDS = 120.0


@pytest.fixture(scope="module", autouse=True)
def _installed():
    """Debian's Prometheus, with its tool."""
    packages.ensure(("prometheus", "promtool"), ("prometheus",), "to try what is in deploy")


class Prometheus:
    """One that scrapes a service."""

    def __init__(self, folder, scraped):
        configuration = folder / "prometheus.yaml"
        configuration.write_text(CONFIGURATION.format(rules=data.RULES, port=scraped))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self._api = f"http://{address}/api/v1"
        arguments = [f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"]
        self._log = (folder / "prometheus.log").open("wb")
        self.process = subprocess.Popen(
            [packages.find("prometheus"), *arguments, f"--web.listen-address={address}"],
            stdout=self._log, stderr=self._log,
        )  # fmt: skip

    def get(self, path, **parameters):
        """Return what its API answers; none while it starts."""
        address = f"{self._api}/{path}?{urllib.parse.urlencode(parameters)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError), opener.open(address, timeout=30) as reply:
            return json.load(reply)["data"]
        return {}

    def query(self, expression):
        """Return the samples of an expression now."""
        return self.get("query", query=expression).get("result", [])

    def end(self):
        """End it."""
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


@pytest.fixture
def prometheus(serve, dial, tmp_path):
    """One that has scraped a service twice since good and bad calls over each transport."""
    server = serve(RUNTIME_HTTP_PORT="0", MODEL_NAME="model")
    web, call = web_of(server), dial(server).unary_unary(PREDICT, None, None)
    one = Prometheus(tmp_path, web.port)
    try:
        wait_until(lambda: one.query("serving_runtime_ready"), "a scrape", WAIT_SECONDS)
        for sent in (request(), request("raise KeyError"), b"\xff"):
            call.future(sent, timeout=60).exception()
        for body in (V1, "{"):
            web.post("/v1/models/model:predict", body)
        rate = 'rate(serving_runtime_calls_total{status="OK",signature="infer"}[5m]) > 0'
        wait_until(lambda: one.query(rate), "what a rate is made of", WAIT_SECONDS)
        yield one
    finally:
        one.end()


def test_rules_pass_their_own_tests():
    """Alerts fire where they should, with what they say, and are silent where all is well."""
    promtool = packages.find("promtool")
    subprocess.run([promtool, "check", "rules", data.RULES], check=True)
    subprocess.run([promtool, "test", "rules", data.TESTS.name], check=True, cwd=data.FOLDER)


def test_every_expression_is_answered(prometheus):
    """Those of the dashboard and of what is recorded; alerts can be evaluated."""
    for expression in data.of_dashboard():
        assert prometheus.query(expression), expression

    def recorded():
        return all(prometheus.query(rule["record"]) for rule in data.rules() if "record" in rule)

    wait_until(recorded, "what rules record", WAIT_SECONDS)
    groups = prometheus.get("rules")["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len(found) == len(data.rules())
    assert {rule["health"] for rule in found} == {"ok"}
    assert prometheus.query('up{job="models"}')[0]["value"][1] == "1"


def test_a_model_that_ends_its_workers_raises_an_alert(launch, tmp_path, dial):
    """The real thing: a crash loop, as Prometheus sees it."""
    model = models.write_obedient(tmp_path / "model")
    server = launch(model, RUNTIME_HTTP_PORT="0", MODEL_NAME="model").wait_serving()
    call = dial(server).unary_unary(PREDICT, None, None)
    one = Prometheus(tmp_path, web_of(server).port)
    try:
        wait_until(lambda: one.query("serving_runtime_worker_ends_total"), "a scrape", WAIT_SECONDS)
        for number in range(3):  # each ends two workers
            call.future(request(f"exit {number + 3}"), timeout=60).exception()
        fires = 'ALERTS{alertname="ServingRuntimeCrashLoop", alertstate="firing"}'
        wait_until(lambda: one.query(fires), "the alert", WAIT_SECONDS)
    finally:
        one.end()
