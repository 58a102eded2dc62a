"""Start a peer, wait for its first right answer, and end it with all of its processes."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import grpc

from experiments.benchmarks import measure, protocols, setup
from experiments.benchmarks.cases import Case, WrongAnswerError, check
from experiments.benchmarks.peers import Peer, Setup
from experiments.benchmarks.peers.limits import CompileError
from tools.offline.packages import NotDebianError

START_SECONDS = 120
STOP_SECONDS = 4
POLL_SECONDS = 0.02
# What no peer says that will answer later: the message is larger than it takes.
REFUSED = "RESOURCE_EXHAUSTED"
OTHER_PORTS = 4
# All is compiled there. Here the first start keeps what it has compiled.
AS_IN_IMAGES = {"PYTHONDONTWRITEBYTECODE": ""}
# What Triton leaves behind, by the process that made it.
SHARED_MEMORY = "pytrtion{pid}-*"
LOG = "server.log"
# All that a call can fail with before a peer is up, or when it is not well.
NO_ANSWER = (grpc.RpcError, OSError, HTTPException, ValueError, KeyError)


class ServerError(Exception):
    """A peer did not start, or does not give right answers; the message ends with its log."""


class Asked(NamedTuple):
    """What is asked of whom: the request is the same from the first check to the last."""

    peer: Peer
    case: Case
    request: bytes

    @property
    def path(self) -> str:
        """The method's full name, or the URL's path."""
        return self.peer.protocol.path.format(model=self.case.model)

    @property
    def headers(self) -> protocols.Headers:
        """Those of the request, over HTTP."""
        return self.peer.protocol.headers(self.case)

    def answer(self, port: int) -> bytes:
        """Ask once; returns the answer as it came, if it is right.

        Raises:
            WrongAnswerError: it is not.
            NO_ANSWER: there is none, or none that can be read.
        """
        protocol = self.peer.protocol
        reply = protocols.ask(protocol.kind, port, self.path, self.request, self.headers)
        check(self.case, protocol.decode(reply))
        return reply

    def problem(self, port: int) -> str:
        """Ask once; returns what is wrong with the answer, or nothing."""
        try:
            self.answer(port)
        except (*NO_ANSWER, WrongAnswerError) as error:
            return _text(error)
        return ""


class Server(NamedTuple):
    """A peer that answers.

    Args:
        port: on 127.0.0.1.
        pid: of the first of its processes.
        cold_start_seconds: from the start of its process to its first right answer.
        reply_bytes: the size of the right answer.
    """

    port: int
    pid: int
    cold_start_seconds: float
    reply_bytes: int


@contextlib.contextmanager
def running(asked: Asked) -> Iterator[Server]:
    """Run a peer in a folder of its own; yields it once it has answered rightly.

    Raises:
        ServerError: it did not, or could not be configured.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setup = _setup(asked, Path(folder))
        try:
            asked.peer.prepare(setup)
            process = _start(asked.peer, setup)
        except (OSError, subprocess.CalledProcessError, CompileError, NotDebianError) as error:
            raise ServerError(f"{asked.peer.name}, {asked.case.name}: {error}") from None
        try:
            yield _wait(asked, setup, process)
        finally:
            stop(process)


def _setup(asked: Asked, folder: Path) -> Setup:
    environment = asked.peer.environment_for(asked.case)
    port, *others = free_ports(1 + OTHER_PORTS)
    interpreter = setup.interpreter(environment)
    models = setup.models_folder(environment)
    return Setup(asked.case, interpreter, folder, models, port, tuple(others))


def _start(peer: Peer, setup: Setup) -> "subprocess.Popen[bytes]":
    start = peer.start(setup)
    path = os.pathsep.join([str(setup.python.parent), os.environ.get("PATH", "")])
    environ = {**os.environ, **AS_IN_IMAGES, "PATH": path, **start.environ}
    with (setup.folder / LOG).open("wb") as stream:
        return subprocess.Popen(
            start.command,
            cwd=setup.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )


def _wait(asked: Asked, setup: Setup, process: "subprocess.Popen[bytes]") -> Server:
    started = time.monotonic()
    problem = "it was not asked"
    while time.monotonic() < started + START_SECONDS and process.poll() is None:
        try:
            reply = asked.answer(setup.port)
            return Server(setup.port, process.pid, time.monotonic() - started, len(reply))
        except (*NO_ANSWER, WrongAnswerError) as error:
            problem = _text(error)
        if problem.startswith(REFUSED):
            break
        time.sleep(POLL_SECONDS)
    ended = process.poll()
    told = f"no right answer: {problem}" if ended is None else f"ended with exit code {ended}"
    log = _tail(setup.folder / LOG)
    raise ServerError(f"{asked.peer.name}, {asked.case.name}: {told}\n{log}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a peer, first politely, and whatever it leaves behind."""
    members = measure.tree(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    members += measure.session(process.pid)
    for pid in set(members):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    for pid in members:
        for path in Path("/dev/shm").glob(SHARED_MEMORY.format(pid=pid)):  # noqa: S108  not ours
            path.unlink(missing_ok=True)


def free_ports(count: int) -> list[int]:
    """Return ports that are free now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _text(error: Exception) -> str:
    if isinstance(error, grpc.RpcError):
        return f"{error.code().name}: {error.details()}"[:300]
    return f"{type(error).__name__}: {error}"[:300]


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-15:]
    return "\n".join(f"  {line[:300]}" for line in lines)
