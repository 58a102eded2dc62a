"""Ways to serve a model directory: in this process, or by a server of its own on loopback.

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
from pathlib import Path
from typing import Dict, Iterator, List, Mapping

import grpc
import pytest

from serving_runtime.settings import Settings
from serving_runtime.worker import loading
from tests.support.services import START_SECONDS, Connection, Loaded, Service

# What RUNTIME_GRPC_TRANSPORT may name. Never left to the service: it would fall back in silence.
TRANSPORTS = ("completion_queue", "asyncio")
# Where a transport has a small part: the other one is for the night.
OTHER_NIGHTLY = (TRANSPORTS[0], pytest.param(TRANSPORTS[1], marks=pytest.mark.nightly))
# Of workers, where what a test is about concerns one at a time.
TWO_WORKERS = pytest.param("2", marks=pytest.mark.nightly)

STOP_SECONDS = 60


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
        chosen = Settings.from_env(environ)
        predictor = loading.load(environ, chosen, framework)
        try:
            yield Loaded(predictor, chosen)
        finally:
            predictor.close()


class ServerOnLoopback(Target):
    """The whole server as a process of its own."""

    def __init__(self, workers: int, transport: str = TRANSPORTS[0]) -> None:
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


class Server(Connection):
    """A ``serving-runtime serve`` of this interpreter, on a free port."""

    def __init__(self, framework: str, model_dir: Path, settings: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "serving_runtime.cli", "serve", str(model_dir),
                   "--runtime", framework, "--port", "0"]  # fmt: skip
        self.log: List[str] = []
        self._listening: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            command,
            env=environment(settings),
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        # Nothing where it ends before it listens; then the watch fails.
        address = self._listening.get(timeout=START_SECONDS) or "127.0.0.1:0"
        super().__init__(address, self._listening.get(timeout=START_SECONDS))

    def wait_until_serving(self) -> None:
        """Wait until the service says that it is, or fail with its log."""
        try:
            super().wait_until_serving()
        except grpc.RpcError as error:
            self.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.log)) from error

    def stop(self) -> None:
        """End the server as an orchestrator does, and see that it ends well."""
        self.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS)
        self.kill()
        assert code == 0, "".join(self.log)

    def kill(self) -> None:
        """End the server at once."""
        self.close()
        if self.process.poll() is None:
            self.process.kill()
        self._reap()

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            listening = re.search(r"listening on (\S+:\d+)", line)
            if listening:  # gRPC first, then HTTP
                self._listening.put(listening.group(1))
        for _ in range(2):
            self._listening.put("")

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
        if not name.startswith("RUNTIME_") and name not in ("APP_PORT", "MODEL_DIR", "MODEL_NAME")
    }
    ours = {
        "RUNTIME_HOST": "127.0.0.1",
        "RUNTIME_DRAIN_DELAY": "0s",
        "RUNTIME_HTTP_PORT": "0",
    }
    return {**inherited, **ours, **settings}


IN_PROCESS = InProcess()
SERVER = ServerOnLoopback(1)
# Whether a worker is a process or a thread of the server.
SERVERS = (SERVER, ServerOnLoopback(0))
TARGETS = (IN_PROCESS, *SERVERS)
OVER_EACH_TRANSPORT = (SERVER, ServerOnLoopback(1, TRANSPORTS[1]))
