"""Serve a model that sends spans, where OpenTelemetry is installed; print what a collector gets.

The collector is a test server that speaks OTLP, over HTTP or gRPC; ``test_spans.py`` runs this.
"""

import concurrent.futures
import contextlib
import gzip
import http.server
import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support import models
from tests.support.scrapes import web_of
from tests.support.servers import PREDICT, Server, channel, request

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
BODY = {"signature_name": "infer", "instances": [{"what": "", "x": 1.5}]}
EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService"


@contextlib.contextmanager
def http_collector(received):
    """Take spans by HTTP; gives the address."""

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@contextlib.contextmanager
def grpc_collector(received):
    """Take spans by gRPC; gives the address."""

    def export(message, context):
        received.append(message)
        return ExportTraceServiceResponse()

    handler = grpc.unary_unary_rpc_method_handler(
        export, ExportTraceServiceRequest.FromString, ExportTraceServiceResponse.SerializeToString
    )
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(EXPORT, {"Export": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop(None)


def call(server):
    """Call the model: by gRPC in a trace of ours, then by HTTP in none, then so that it fails."""
    with channel(server.wait_serving().address) as connection:
        predict = connection.unary_unary(PREDICT, None, None)
        predict(request(), metadata=(("traceparent", PARENT),), timeout=60)
        web_of(server).post("/v1/models/model:predict", BODY)
        predict.future(request("raise KeyError"), timeout=60).exception()
        unsampled = PARENT[:-1] + "0"
        predict(request(), metadata=(("traceparent", unsampled),), timeout=60)


def described(received):
    """Return the spans as plain data."""
    found = []
    for message in received:
        for resource in message.resource_spans:
            service = {it.key: it.value.string_value for it in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                found.append({
                    "name": span.name, "trace": span.trace_id.hex(), "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(), "status": span.status.code,
                    "service": service["service.name"],
                    "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
                    "attributes": [it.key for it in span.attributes],
                })  # fmt: skip
    return found


def main():
    """Print the spans as JSON."""
    received = []
    protocol = sys.argv[1]
    collector = grpc_collector if protocol == "grpc" else http_collector
    with tempfile.TemporaryDirectory() as folder, collector(received) as address:
        server = Server(
            models.write_obedient(Path(folder) / "model"), Path(folder),
            RUNTIME_HTTP_PORT="0", MODEL_NAME="model", OTEL_EXPORTER_OTLP_ENDPOINT=address,
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol, OTEL_SERVICE_NAME="tried",
        )  # fmt: skip
        try:
            call(server)
            server.signal(signal.SIGINT)
            assert server.wait() == 0, server.log
        finally:
            server.end()
    print(json.dumps(described(received)))


if __name__ == "__main__":
    main()
