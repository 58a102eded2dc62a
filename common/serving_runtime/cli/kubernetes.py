"""Derive what a Kubernetes pod needs for a service with given settings.

Each probe names the question that it asks (`serving_runtime.server.health.Question`): what is only
busy must be sent no calls, and must not be killed.
"""

import json
import math
from typing import Any, Dict

from serving_runtime.cli.health import PROBES
from serving_runtime.server.grpc.options import AGE_SPREAD
from serving_runtime.settings import Settings

READINESS, LIVENESS = "readiness", "liveness"
# Parts of every drain, each a second at most: connections leave a little after their age, what is
# left of the calls is cancelled, and workers that had no time left are asked to close their models.
DRAIN_STEPS_SECONDS = 3.0
# For the signal to arrive and the process to end, on a machine that is busy.
EXIT_SECONDS = 2.0
# For the process to start, before RUNTIME_LOAD_TIMEOUT counts, and to say why it failed.
START_SECONDS = 10.0


def grace_seconds(settings: Settings) -> int:
    """Return the ``terminationGracePeriodSeconds``: longer than any drain takes.

    Kubernetes kills the pod after it.
    """
    leaving = settings.drain_delay_seconds + AGE_SPREAD * settings.connection_age_seconds
    ending = settings.drain_timeout_seconds + DRAIN_STEPS_SECONDS + EXIT_SECONDS
    return math.ceil(leaving + ending)


def needs(settings: Settings) -> Dict[str, Any]:
    """Return the pod's grace period and its container's probes, as Kubernetes names them."""
    return {
        "terminationGracePeriodSeconds": grace_seconds(settings),
        # Longer than the service gives the model to load, so that it can log what was wrong.
        "startupProbe": _probe(
            settings, READINESS, 2, settings.load_timeout_seconds + START_SECONDS
        ),
        "readinessProbe": _probe(settings, READINESS, 5, 10),
        # Also for a front that does not answer, which may be the machine's fault for a while.
        "livenessProbe": _probe(settings, LIVENESS, 10, 60),
    }


def lines(settings: Settings) -> str:
    """Derive what a pod needs as YAML, one line each."""
    return yaml_lines(needs(settings))


def yaml_lines(entries: Dict[str, Any]) -> str:
    """Return entries as YAML, one line each."""
    return "\n".join(f"{name}: {_flow(value)}" for name, value in entries.items())


def _probe(
    settings: Settings, question: str, period_seconds: int, patience_seconds: float
) -> Dict[str, Any]:
    return {
        **_way(settings, question),
        "periodSeconds": period_seconds,
        "failureThreshold": math.ceil(patience_seconds / period_seconds),
    }


def _way(settings: Settings, question: str) -> Dict[str, Any]:
    """Return how to ask: Kubernetes' own gRPC probe knows neither TLS nor tokens. See: KEP-4939."""
    if settings.tls_cert or (settings.token_file and not settings.open_health):
        command = ["serving-runtime", "health", "--probe", question]
        return {"exec": {"command": command}, "timeoutSeconds": 5}
    name = PROBES[question]
    service = {"service": name} if name else {}
    return {"grpc": {"port": settings.port, **service}, "timeoutSeconds": 1}


def _flow(value: Any) -> str:
    """Return a value as YAML's flow style: JSON, without the quotes that no name here needs."""
    return json.dumps(value).replace('"', "")
