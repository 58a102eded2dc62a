"""A service without a model over HTTP, for the tests of the client and of the verbs."""

import http.server
import json
import socketserver
import threading

import pytest
from tiny_service import doubled

from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.protocols.open_inference import json_codec, json_replies

HEAD = json_replies.model_head("tiny", "1")


class TinyRest(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Doubles numbers and echoes everything else, by Open Inference's REST."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answering)
        self.requests = []
        self.headers = {}  # of the last request
        self.paths = []
        self.more_headers = ()
        self.failure = None
        self.models = ["tiny"]
        self.metadata = {}
        self.health = 200
        self.hangs_up = False
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def speak_tls(self, context):
        """Answer by TLS from now on."""
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.address = self.address.replace("http:", "https:")

    def handle_error(self, request, client_address):
        """Bear it where a client has gone."""


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer which models there are."""
        self.server.paths.append(self.path)
        if self.path.endswith("z"):
            self._send(self.server.health, b'{"error": "the model is loading"}', {})
        elif self.path != "/v2/models":
            self._send(200, json.dumps(self.server.metadata).encode(), {})
        elif self.server.models is None:
            self._send(404, b"<html>not here</html>", {})
        else:
            self._send(200, json.dumps({"models": self.server.models}).encode(), {})

    def do_POST(self):
        """Answer an inference request."""
        tiny = self.server
        payload = self.rfile.read(int(self.headers["content-length"]))
        tiny.headers = {name.lower(): value for name, value in self.headers.items()}
        tiny.paths.append(self.path)
        if tiny.failure:
            self._send(*tiny.failure, {"x-request-id": "abc123"})
            self.close_connection = tiny.hangs_up
            return
        length = tiny.headers.get(HEADER_LENGTH)
        attributes = {HEADER_LENGTH: length} if length else {}
        request = json_codec.decode(payload, attributes, {}, 2**20)
        tiny.requests.append(request)
        outputs = {name: doubled(it) for name, it in request.tensors.items()}
        self._send(200, *json_replies.encode(outputs, request.reply_context, HEAD))
        self.close_connection = tiny.hangs_up

    def _send(self, status, body, headers):
        self.send_response(status)
        more = {"content-length": str(len(body)), **headers, **dict(self.server.more_headers)}
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Write no log."""


@pytest.fixture
def rest_service():
    """Run a tiny REST service on a free port."""
    tiny = TinyRest()
    thread = threading.Thread(target=tiny.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield tiny
    tiny.shutdown()
    thread.join()
    tiny.server_close()
