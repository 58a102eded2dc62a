"""Send spans of the model's calls to a collector, where the standard variables name one.

Off, as it is without them, it costs nothing, and OpenTelemetry need not be installed. What a client
says of its trace goes to the model in any case.

See: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from typing import Callable, Mapping, Optional

from serving_runtime import logs
from serving_runtime.server.tracing.calls import CallTracer
from serving_runtime.server.transport import Reply

logger = logs.get_logger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXPORTER, DISABLED = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether an exporter is named, or where it is to send to."""
    if environ.get(DISABLED, "").strip().lower() == "true":
        return False
    exporter = environ.get(EXPORTER, "").strip().lower()
    if exporter:
        return exporter != "none"
    return any(environ.get(name) for name in ENDPOINTS)


def start(environ: Mapping[str, str], http_status: Callable[[Reply], int]) -> Optional[CallTracer]:
    """Return what records calls; None where that is not wanted, or cannot be.

    Args:
        environ: the environment variables.
        http_status: returns HTTP's status of a reply.
    """
    if not is_wanted(environ):
        return None
    try:
        from serving_runtime.server.tracing import sdk  # costs a start 100 ms
    except ImportError as error:
        logger.warning(
            "spans are wanted, by %s or %s, and cannot be sent: %s is not installed; "
            "pip install 'serving-runtime[tracing]', where its Python and protobuf are new enough",
            EXPORTER, ENDPOINTS[1], error.name,
        )  # fmt: skip
        return None
    return CallTracer(sdk.Spans(environ), environ, http_status)
