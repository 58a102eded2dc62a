"""Read deploy/monitoring: the expressions of its rules and of its dashboard."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[3] / "deploy/monitoring"
RULES, TESTS, DASHBOARD = (
    FOLDER / name for name in ("rules.yaml", "rules_test.yaml", "dashboard.json")
)
# What Grafana puts in the place of its variables; the windows of our rules.
VARIABLES = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*", "$model_name": ".*"}
# Of ours, of Prometheus itself, and of what a rule records.
_NAME = re.compile(r"\b(?:serving_runtime_|grpc_server_|http_server_|up\b)[a-z_]*(?![a-z_:])")


def rules() -> list[dict[str, Any]]:
    """Return all rules, those that record and those that alert."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Return the dashboard's panels, rows too."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def of_dashboard() -> Iterator[str]:
    """Yield the expressions of the dashboard, as Grafana sends them."""
    for panel in panels():
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for name, text in VARIABLES.items():
                expression = expression.replace(name, text)
            yield expression


def names_in(expression: str) -> set[str]:
    """Return the metrics that an expression is about, but for those that rules record."""
    recorded = re.compile(r"\b[a-z]+:[a-z_]+:[a-z0-9_]+")
    without_labels = re.sub(r"\{[^}]*\}", "", recorded.sub("", expression))
    return set(_NAME.findall(without_labels))
