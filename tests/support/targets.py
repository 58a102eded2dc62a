"""How a model directory is served: in this process, or by a server on loopback.

A built image is one more target: it starts a container on the model directory and answers through
``Connection``, as ``Server`` does.
"""

import abc
import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

import grpc

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import Status
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.operations import BY_GRPC_METHOD
from serving_runtime.settings import Settings
from serving_runtime.worker import loading

PREDICT = "/tensorflow.serving.PredictionService/Predict"
WATCH = "/grpc.health.v1.Health/Watch"
# What RUNTIME_GRPC_TRANSPORT may name. Never left to the service: it would fall back in silence.
LISTENERS = ("completion_queue", "asyncio")

START_SECONDS = 90  # an image that nobody has read yet, on a busy machine
CALL_SECONDS = 20
STOP_SECONDS = 20

HealthRequest = message_class("grpc.health.v1.HealthCheckRequest")
HealthResponse = message_class("grpc.health.v1.HealthCheckResponse")


class Answer(NamedTuple):
    """What a caller gets: a status by name, its details, and the reply's bytes."""

    status: str
    details: str
    payload: bytes


class Service(abc.ABC):
    """A model that is being served."""

    @abc.abstractmethod
    def answer_calls(self, calls: Sequence[Tuple[str, bytes]]) -> List[Answer]:
        """Answer calls that arrive together, each a method and a request, in their order."""

    def answer_all(self, requests: Sequence[bytes]) -> List[Answer]:
        """Answer requests to Predict that arrive together, in their order."""
        return self.answer_calls([(PREDICT, request) for request in requests])

    def answer(self, request: bytes, method: str = PREDICT) -> Answer:
        """Answer one request."""
        return self.answer_calls([(method, request)])[0]


class Target(abc.ABC):
    """A way to serve model directories."""

    name = ""

    @abc.abstractmethod
    def start(
        self, framework: str, model_dir: Path, settings: Mapping[str, str]
    ) -> "contextlib.AbstractContextManager[Service]":
        """Serve a model directory until the context ends.

        Args:
            framework: the runtime's name, such as ``python``.
            model_dir: with its contract.
            settings: environment variables.
        """


class InProcess(Target):
    """The loader and the worker's predictor, in this process."""

    name = "in-process"

    @contextlib.contextmanager
    def start(
        self, framework: str, model_dir: Path, settings: Mapping[str, str]
    ) -> Iterator[Service]:
        """Load the model here."""
        environ = {"MODEL_DIR": str(model_dir), **settings}
        predictor = loading.load(environ, Settings.from_env(environ), framework)
        try:
            yield _Loaded(predictor)
        finally:
            predictor.close()


class _Loaded(Service):
    def __init__(self, predictor) -> None:
        self._predictor = predictor

    def answer_calls(self, calls: Sequence[Tuple[str, bytes]]) -> List[Answer]:
        deadline = time.monotonic() + CALL_SECONDS
        numbered = [
            CallFrame(number, BY_GRPC_METHOD[method].key, f"case-{number}", deadline, request)
            for number, (method, request) in enumerate(calls)
        ]
        replies = {reply.id: reply for reply in self._predictor.answer(numbered)}
        return [
            Answer(Status(reply.status).name, reply.details, bytes(reply.payload))
            for _, reply in sorted(replies.items())
        ]


class ServerOnLoopback(Target):
    """The whole server as a process of its own."""

    def __init__(self, workers: int, transport: str = LISTENERS[0]) -> None:
        self.name = f"server-{workers}-workers-{transport}"
        self._chosen = {"RUNTIME_WORKERS": str(workers), "RUNTIME_GRPC_TRANSPORT": transport}

    @contextlib.contextmanager
    def start(
        self, framework: str, model_dir: Path, settings: Mapping[str, str]
    ) -> Iterator["Server"]:
        """Start a server, wait until it serves, and stop it at the end."""
        server = Server(framework, model_dir, {**self._chosen, **settings})
        try:
            server.wait_until_serving()
            yield server
            server.stop()
        finally:
            server.kill()


class Connection(Service):
    """A client of whatever serves at an address."""

    def __init__(self, address: str) -> None:
        options = [
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            # A start that is waited for should not be slept through.
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        self.address = address
        self.channel = grpc.insecure_channel(address, options=options)

    def answer_calls(self, calls: Sequence[Tuple[str, bytes]]) -> List[Answer]:
        """Send all requests at once."""
        sent = [
            self.channel.unary_unary(method).future(request, timeout=CALL_SECONDS)
            for method, request in calls
        ]
        return [_outcome(call) for call in sent]

    def wait_until_serving(self) -> None:
        """Wait until the service says that it is."""
        watch = self.channel.stream_stream(WATCH)
        replies = watch(
            iter([HealthRequest().SerializeToString()]), timeout=START_SECONDS, wait_for_ready=True
        )
        for payload in replies:
            if HealthResponse.FromString(payload).status == 1:
                break
        replies.cancel()


class Server(Connection):
    """A ``serving-runtime serve`` of this interpreter, on a free port."""

    def __init__(self, framework: str, model_dir: Path, settings: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "serving_runtime.cli", "serve", str(model_dir),
                   "--runtime", framework, "--port", "0"]  # fmt: skip
        self.log: List[str] = []
        self._ports: queue.Queue[int] = queue.Queue()
        self.process = subprocess.Popen(
            command,
            env=environment(settings),
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        # 0 where it ends before it listens; then the watch fails.
        super().__init__(f"127.0.0.1:{self._ports.get(timeout=START_SECONDS)}")

    def wait_until_serving(self) -> None:
        """Wait until the service says that it is, or fail with its log."""
        try:
            super().wait_until_serving()
        except grpc.RpcError as error:
            self.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.log)) from error

    def stop(self) -> None:
        """End the server as an orchestrator does, and see that it ends well."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS)
        self.kill()
        assert code == 0, "".join(self.log)

    def kill(self) -> None:
        """End the server at once."""
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
        self._reap()

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            listening = re.search(r"listening on \S+:(\d+)", line)
            if listening:
                self._ports.put(int(listening.group(1)))
        self._ports.put(0)

    def _reap(self) -> None:
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


def environment(settings: Mapping[str, str]) -> Dict[str, str]:
    """Return this process's environment with only these settings, and without a drain's wait."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RUNTIME_") and name not in ("APP_PORT", "MODEL_DIR")
    }
    ours = {"RUNTIME_HOST": "127.0.0.1", "RUNTIME_DRAIN_DELAY": "0s"}
    return {**inherited, **ours, **settings}


def _outcome(call) -> Answer:
    error = call.exception()
    if error is None:
        return Answer("OK", "", call.result())
    return Answer(error.code().name, error.details(), b"")


OTHER_LISTENER = ServerOnLoopback(1, LISTENERS[1])
SERVERS = (ServerOnLoopback(1), ServerOnLoopback(0), OTHER_LISTENER)
TARGETS = (InProcess(), *SERVERS)
# Whether a worker is a process or a thread makes no difference that a case could tell.
CASE_TARGETS = (TARGETS[0], SERVERS[0], OTHER_LISTENER)
