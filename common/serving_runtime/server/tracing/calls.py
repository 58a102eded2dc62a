"""Make a call's spans of what the front knows: one of the call, and one of each of its parts."""

import abc
import asyncio
import functools
import random
import threading
import time
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Tuple, Union

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import TRACEPARENT, TRACESTATE
from serving_runtime.ipc.frames import NO_TIMINGS
from serving_runtime.operations import Operation
from serving_runtime.server import trace_context
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.transport import Reply

SAMPLER, RATIO = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
DEFAULT_SAMPLER, PARENT_BASED = "parentbased_always_on", "parentbased_"
# How a call may end by its caller's fault, which is no error of the server's span.
_OF_CALLERS = (
    Status.OK, Status.CANCELLED, Status.INVALID_ARGUMENT, Status.NOT_FOUND,
    Status.UNAUTHENTICATED,
)  # fmt: skip
CLOSE_SECONDS = 3.0
Attributes = Dict[str, Union[str, int, float]]


class Part(NamedTuple):
    """A part of a call: what it is, when it began and ended on the wall clock, and more of it."""

    name: str
    began: float
    ended: float
    attributes: Mapping[str, Union[str, int, float]]


class SpanRecorder(abc.ABC):
    """What keeps spans and sends them, in the background."""

    @abc.abstractmethod
    def begin(
        self, name: str, parent: Tuple[str, str], began: float, attributes: Attributes
    ) -> Tuple[Any, str]:
        """Begin a call's span.

        Args:
            name: of the span.
            parent: the client's traceparent and tracestate; empty texts for none.
            began: seconds since 1970.
            attributes: of the span.

        Returns:
            The span, and the traceparent for what is done within it.
        """

    @abc.abstractmethod
    def end(self, span: Any, whole: Part, parts: Iterator[Part], error: str) -> None:
        """End it, with those of its parts; ``error``: what went wrong in the server, or empty."""

    @abc.abstractmethod
    def close(self) -> None:
        """Send what is not sent yet; may take as long as the exporter's timeout."""


class Sampling:
    """Decides which calls are recorded, for less than the library's own samplers cost."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get(SAMPLER, "").strip().lower() or DEFAULT_SAMPLER
        self._heeds_parent = name.startswith(PARENT_BASED)
        kind = name[len(PARENT_BASED) :] if self._heeds_parent else name
        self._ratio = {"always_on": 1.0, "always_off": 0.0}.get(kind, _ratio(environ))

    def samples(self, parent: str) -> bool:
        """Return whether to record a call that has such a ``traceparent``, or none."""
        if parent and self._heeds_parent:
            return trace_context.is_sampled(parent)
        return random.random() < self._ratio  # noqa: S311  no secret


class CallTracer:
    """Records calls.

    Args:
        recorder: what keeps spans.
        environ: says which calls.
        http_status: returns HTTP's status of a reply.
    """

    def __init__(
        self,
        recorder: SpanRecorder,
        environ: Mapping[str, str],
        http_status: Callable[[Reply], int],
    ) -> None:
        self._recorder = recorder
        self._sampling = Sampling(environ)
        self._http_status = http_status
        self._described = {row: _describe(row) for row in operations.FORWARDED}

    def begin(self, call: FrontCall) -> None:
        """Begin the span of a call if it is to be recorded; its answer ends it."""
        attributes = call.attributes
        parent = attributes.get(TRACEPARENT, "")
        if not self._sampling.samples(parent):
            return
        name, known = self._described[call.operation]
        offset = time.time() - time.monotonic()
        span, traceparent = self._recorder.begin(
            name,
            (parent, attributes.get(TRACESTATE, "")),
            call.received + offset,
            {**known, "serving_runtime.request_id": call.request_id},
        )
        call.attributes = {**attributes, TRACEPARENT: traceparent}
        call.when_done(functools.partial(self._end, span, offset))

    async def close(self) -> None:
        """Send what is not sent yet, unless that takes too long: a collector may be gone."""
        sending = threading.Thread(target=self._recorder.close, name="spans", daemon=True)
        sending.start()
        until = time.monotonic() + CLOSE_SECONDS
        while sending.is_alive() and time.monotonic() < until:
            await asyncio.sleep(0.01)

    def _end(self, span: Any, offset: float, call: FrontCall, outcome: Reply) -> None:
        status = outcome.status
        attributes: Attributes = {}
        if call.operation.http_routes:
            attributes["http.response.status_code"] = self._http_status(outcome)
        else:
            attributes["rpc.response.status_code"] = status.name
        error = ""
        if status is not Status.OK:
            attributes["error.type"] = outcome.reason or status.name
            error = "" if status in _OF_CALLERS else outcome.details
        whole = Part("", call.received + offset, time.monotonic() + offset, attributes)
        self._recorder.end(span, whole, _parts(call, offset), error)


def _parts(call: FrontCall, offset: float) -> Iterator[Part]:
    if not call.sent:
        return
    given = call.sent + offset
    yield Part("queue", call.received + offset, given, {})
    timings = call.timings
    if timings is NO_TIMINGS:
        return
    # One after the other; what the way to the worker and back takes is in none of them.
    decoded = given + timings.decode_seconds
    begun = decoded + timings.queue_seconds
    ended = begun + timings.model_seconds
    yield Part("decode", given, decoded, {})
    rows: Attributes = {"serving_runtime.batch.rows": timings.rows}
    yield Part("model", begun, ended, rows)
    yield Part("encode", ended, ended + timings.encode_seconds, {})


def _describe(row: Operation) -> Tuple[str, Attributes]:
    """Return a span's name and what is known of it beforehand, by the stable conventions."""
    if row.http_routes:
        method, path, _ = row.http_routes[0]
        known: Attributes = {
            "http.request.method": method, "http.route": path, "url.scheme": "http",
        }  # fmt: skip
        return f"{method} {path}", known
    name = row.grpc_method[1:]
    return name, {"rpc.system.name": "grpc", "rpc.method": name}


def _ratio(environ: Mapping[str, str]) -> float:
    try:
        return min(1.0, max(0.0, float(environ.get(RATIO, "1"))))
    except ValueError:
        return 1.0
