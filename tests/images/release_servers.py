"""Runs what a release passes on its way to users: a registry, and an engine without images."""

import contextlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.offline import packages

SECONDS = 60
POLL_SECONDS = 0.05

# Port 0 takes a free one, which is in the log.
REGISTRY = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
http: {{addr: "{address}"}}
log: {{level: info}}
"""


def ensure_registry() -> None:
    """Install the registry.

    Raises:
        NotDebianError: it cannot be installed here.
    """
    packages.ensure(["docker-registry"], ["docker-registry"], "to push to")


@contextlib.contextmanager
def registry(
    folder: Path, address: str = "127.0.0.1:0", prefix: Sequence[str] = ()
) -> Iterator[str]:
    """Run a registry.

    Args:
        folder: where its images are; several may have the same.
        address: where it listens.
        prefix: of the command, such as one that runs it elsewhere.

    Yields:
        Where it listens, which is what images are called by.
    """
    with tempfile.NamedTemporaryFile("w+", dir=folder, suffix=".yml") as settings:
        settings.write(REGISTRY.format(folder=folder, address=address))
        settings.flush()
        log = Path(f"{settings.name}.log")
        with _process([*prefix, "docker-registry", "serve", settings.name], log):
            yield _wait(lambda: _listening(log.read_text()), log)


def _listening(text: str) -> str:
    found = re.search(r"listening on (127\.0\.0\.1:\d+)", text)
    return found[1] if found else ""


class Engine(NamedTuple):
    """An engine that runs on its own."""

    host: str
    """Where it listens, as $DOCKER_HOST says it."""
    entering: tuple[str, ...]
    """What begins a command that runs where the engine's loopback is."""


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Run an engine without images, behind walls: it shares neither mounts nor network.

    An engine takes this machine's docker0 for its own, and removes it where it is to have no
    bridge, whoever else needs it.

    Args:
        folder: for all that it has; a short path, since sockets are in it.
    """
    packages.ensure(["ip"], ["iproute2"], "for a network of its own")
    socket = f"unix://{folder}/docker.sock"
    options = [f"--host={socket}", "--bridge=none", "--iptables=false", "--ip-forward=false"]
    options += [f"--data-root={folder}/data", f"--exec-root={folder}/run"]
    options += [f"--pidfile={folder}/dockerd.pid"]
    start = 'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec dockerd "$@"'
    command = ["unshare", "--mount", "--net", "sh", "-c", start, "sh", *options]
    log = folder / "dockerd.log"
    with _process(command, log) as pid:
        _wait(lambda: _answer(socket), log)
        yield Engine(socket, ("nsenter", f"--target={pid}", "--net"))


def _answer(host: str) -> str:
    command = ["docker", f"--host={host}", "version", "--format={{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@contextlib.contextmanager
def _process(command: list[str], log: Path) -> Iterator[int]:
    """Run a program in the background; it is ended with the context. Yields its id."""
    environment = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(SECONDS)


def _wait(condition: Callable[[], str], log: Path) -> str:
    """Wait until a condition says something, and return it."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(log.read_text())
