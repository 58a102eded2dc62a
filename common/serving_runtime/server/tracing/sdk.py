"""Keep spans with OpenTelemetry, and send them; the only module that imports it."""

from typing import Any, Iterator, Mapping, Tuple

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

import serving_runtime
from serving_runtime import logs
from serving_runtime.server.tracing.calls import Attributes, Part, SpanRecorder

logger = logs.get_logger(__name__)

EXPORTER = "OTEL_TRACES_EXPORTER"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SERVICE_NAME = "serving-runtime"
_NANOSECONDS = 1e9


class Spans(SpanRecorder):
    """Spans that are sent in batches, by a thread of the library's.

    Args:
        environ: says by which exporters.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        # Which calls are recorded is decided before.
        self._provider = TracerProvider(
            sampler=sampling.ALWAYS_ON,
            # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count more.
            resource=Resource({"service.name": SERVICE_NAME}).merge(Resource.create()),
            shutdown_on_exit=False,
        )
        for exporter in _exporters(environ):
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("serving_runtime", serving_runtime.__version__)

    def begin(
        self, name: str, parent: Tuple[str, str], began: float, attributes: Attributes
    ) -> Tuple[Any, str]:
        """Begin a call's span; return it, and the traceparent for what is done within it."""
        span = self._tracer.start_span(
            name, _context(*parent), SpanKind.SERVER, attributes, start_time=_nanoseconds(began)
        )
        own = span.get_span_context()
        return span, f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def end(self, span: Any, whole: Part, parts: Iterator[Part], error: str) -> None:
        """End it, with those of its parts."""
        within = set_span_in_context(span, Context())
        for part in parts:
            inner = self._tracer.start_span(
                part.name, within, SpanKind.INTERNAL, part.attributes,
                start_time=_nanoseconds(part.began),
            )  # fmt: skip
            inner.end(_nanoseconds(part.ended))
        span.set_attributes(whole.attributes)
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(_nanoseconds(whole.ended))

    def close(self) -> None:
        """Send what is not sent yet."""
        self._provider.shutdown()


def _context(parent: str, state: str) -> Context:
    """Return the context of a client's span; an empty one for none."""
    if not parent:
        return Context()
    _, trace_id, span_id, flags = parent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)),
        TraceState.from_header([state]) if state else None,
    )  # fmt: skip
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _nanoseconds(seconds: float) -> int:
    return int(seconds * _NANOSECONDS)


def _exporters(environ: Mapping[str, str]) -> Iterator[SpanExporter]:
    names = environ.get(EXPORTER, "").lower() or "otlp"
    for name in [it.strip() for it in names.split(",")]:
        if name == "console":
            yield ConsoleSpanExporter()
        elif name == "otlp":
            yield _otlp(environ)
        elif name != "none":
            logger.warning("%s=%s: expected any of otlp, console, none", EXPORTER, name)


def _otlp(environ: Mapping[str, str]) -> SpanExporter:
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), "grpc")
    if protocol.strip().lower() == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()
