import re

import pytest

from serving_runtime.errors import Status
from serving_runtime.server.metrics import catalogue
from serving_runtime.server.metrics.calls import reasons
from serving_runtime.server.metrics.catalogue import Kind
from tests.system.monitoring import data

PARTS_OF_HISTOGRAMS = ("_bucket", "_sum", "_count")
RULES = [rule["expr"] for rule in data.rules()]
EXPRESSIONS = [*RULES, *data.of_dashboard()]
SERIES = {
    f"{metric.name}{part}": metric
    for metric in catalogue.ALL
    for part in (PARTS_OF_HISTOGRAMS if metric.kind is Kind.HISTOGRAM else ("",))
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_about_what_there_is(expression):
    """Each metric is one of the table's, and what is recorded is recorded."""
    assert data.names_in(expression) <= {*SERIES, "up"}
    recorded = {rule["record"] for rule in data.rules() if "record" in rule}
    assert set(re.findall(r"\b(?:model|job):[a-z_]+:[a-z0-9_]+", expression)) <= recorded
    assert "$" not in expression


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_words_that_are_chosen_by_are_words_of_the_code(expression):
    """A status or a reason that is renamed would make an alert silent."""
    known = {"status": {it.name for it in Status}, "reason": set(reasons())}
    for label, words in re.findall(r'\b(status|reason)=~"([^"]*)"', expression):
        assert set(words.split("|")) <= known[label]


def test_most_metrics_are_on_the_dashboard():
    """Those that are not have another name there, or a place of their own."""
    shown = {SERIES[name] for it in data.of_dashboard() for name in data.names_in(it)}
    missing = {metric.name for metric in catalogue.ALL} - {metric.name for metric in shown}
    assert missing == {
        "grpc_server_started_total",
        "request_predict_seconds",
        "serving_runtime_worker_starts_total",
        "serving_runtime_shared_memory_segments",
    }


def test_each_alert_says_what_to_do_and_is_tried():
    """It has a severity and two lines, and `promtool test rules` makes it fire."""
    alerts = [rule for rule in data.rules() if "alert" in rule]
    tried = data.TESTS.read_text(encoding="utf-8")
    assert len(alerts) == 6
    for alert in alerts:
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert set(alert["annotations"]) == {"summary", "description"}
        fires = rf"alertname: {alert['alert']}\n +exp_alerts:"
        assert re.search(fires, tried), alert["alert"]


def test_panels_do_not_overlap():
    """Grafana would move them about."""
    taken = set()
    for panel in data.panels():
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    identities = [panel["id"] for panel in data.panels()]
    assert len(set(identities)) == len(identities)
