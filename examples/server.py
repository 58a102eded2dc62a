"""Run the real command: serve a model as a process of its own, and end it cleanly."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Iterator, NamedTuple

from serving_runtime.client import CallFailed, Client

SERVING_RUNTIME = Path(sys.executable).with_name("serving-runtime")
START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.05


class DemoError(Exception):
    """The demo cannot go on; the text has the reason and what would help."""


class Server(NamedTuple):
    """The service: where it answers gRPC and HTTP, and its process."""

    address: str
    http_address: str
    process: "subprocess.Popen[bytes]"


@contextlib.contextmanager
def served(directory: Path, port: int) -> Iterator[Server]:
    """Serve the model as a process of its own; yields it once it is healthy.

    Raises:
        DemoError: it did not come up, or did not end cleanly; its log is in server.log.
    """
    port, http_port = port or _free_port(), _free_port()
    log = directory / "server.log"
    ports = ["--port", str(port), "--http-port", str(http_port)]
    command = [str(SERVING_RUNTIME), "serve", str(directory / "model"), *ports]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    server = Server(f"localhost:{port}", f"localhost:{http_port}", process)
    try:
        seconds = _wait_until_healthy(server, log)
        print(f"3. serving at {server.address} (log: {shown(log)}), healthy in {seconds:.1f} s")
        yield server
    finally:
        code = _stop(process)
    if code:
        raise DemoError(f"the server ended with exit code {code}:\n{_tail(log)}")


def name_of_model(server: Server) -> str:
    """Return what paths of HTTP call the model."""
    with urllib.request.urlopen(f"http://{server.http_address}/v1/models") as reply:
        [name] = json.loads(reply.read().decode())["models"]
    return str(name)


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
