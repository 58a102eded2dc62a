"""Derive what a Compose or Swarm service needs for given settings.

Both ask the image's own HEALTHCHECK, which is repeated here since only its ``start_period`` can
follow RUNTIME_LOAD_TIMEOUT: Swarm replaces what is unhealthy, so it asks the question `container`.
"""

import math
from typing import Any, Dict

from serving_runtime.cli import kubernetes
from serving_runtime.settings import Settings

INTERVAL_SECONDS, TIMEOUT_SECONDS, RETRIES = 5, 5, 3


def needs(settings: Settings) -> Dict[str, Any]:
    """Return the service's grace period and health check, as Compose names them."""
    start_seconds = math.ceil(settings.load_timeout_seconds + kubernetes.START_SECONDS)
    return {
        "stop_grace_period": f"{kubernetes.grace_seconds(settings)}s",
        "healthcheck": {
            "test": ["CMD", "serving-runtime", "health", "--probe", "container"],
            "interval": f"{INTERVAL_SECONDS}s",
            "timeout": f"{TIMEOUT_SECONDS}s",
            "retries": RETRIES,
            "start_period": f"{start_seconds}s",
        },
    }


def lines(settings: Settings) -> str:
    """Derive what a service needs as YAML, one line each."""
    return kubernetes.yaml_lines(needs(settings))
