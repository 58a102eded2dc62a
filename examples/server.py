"""Run the real command: serve a model as a process of its own, and end it cleanly."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, NamedTuple

from serving_runtime.client import CallFailed, Client
from serving_runtime.client.rest import RestClient

SERVING_RUNTIME = Path(sys.executable).with_name("serving-runtime")
START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.05


class DemoError(Exception):
    """The demo cannot go on; the text has the reason and what would help."""


class Server(NamedTuple):
    """The service: where it answers by gRPC and by HTTP, and its process."""

    address: str
    process: "subprocess.Popen[bytes]"
    url: str = ""

    @property
    def model_name(self) -> str:
        """What the service calls its model."""
        with RestClient(self.url) as client:
            return client.model_path().rpartition("/")[2]


@contextlib.contextmanager
def served(directory: Path, port: int) -> Iterator[Server]:
    """Serve the model as a process of its own; yields it once it is healthy.

    Raises:
        DemoError: it did not come up, or did not end cleanly; its log is in server.log.
    """
    port = port or _free_port()
    log = directory / "server.log"
    ports = ["--port", str(port), "--http-port", "0"]
    command = [str(SERVING_RUNTIME), "serve", str(directory / "model"), *ports]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    server = Server(f"localhost:{port}", process)
    try:
        seconds = _wait_until_healthy(server, log)
        print(f"3. serving at {server.address} (log: {shown(log)}), healthy in {seconds:.1f} s")
        yield server._replace(url=_url_in(log))
    finally:
        code = _stop(process)
    if code:
        raise DemoError(f"the server ended with exit code {code}:\n{_tail(log)}")


def serving_runtime(*arguments: str) -> None:
    """Run a verb of `serving-runtime`.

    Raises:
        DemoError: it failed; the text is its output.
    """
    ended = subprocess.run(
        [str(SERVING_RUNTIME), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if ended.returncode:
        raise DemoError(f"`serving-runtime {' '.join(arguments)}` failed:\n{ended.stdout.decode()}")


def shown(path: Path) -> str:
    """Return a path as it is typed in the current directory."""
    with contextlib.suppress(ValueError):
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))
    return str(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server, log: Path) -> float:
    started = time.perf_counter()
    while time.perf_counter() < started + START_SECONDS:
        if server.process.poll() is not None:
            raise DemoError(f"the server did not start:\n{_tail(log)}")
        with contextlib.suppress(CallFailed), Client(server.address) as client:
            if client.health(deadline_seconds=1) == "SERVING":
                return time.perf_counter() - started
        time.sleep(POLL_SECONDS)
    raise DemoError(f"the server was not healthy after {START_SECONDS} s:\n{_tail(log)}")


def _url_in(log: Path) -> str:
    """Return where the server says that it answers by HTTP: the port is one that was free."""
    found = re.search(r"listening on http://\S+:(\d+)", log.read_text(errors="replace"))
    if found is None:
        raise DemoError(f"the server does not say where it answers by HTTP:\n{_tail(log)}")
    return f"http://localhost:{found.group(1)}"


def _stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask the server to end, and return its exit code."""
    process.terminate()  # nothing happens if it has ended
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _tail(log: Path, lines: int = 12) -> str:
    text = log.read_text(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in [*text[-lines:], f"(all of it: {shown(log)})"])
