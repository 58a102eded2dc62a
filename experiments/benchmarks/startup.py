"""Measure how soon this runtime answers after its start, and what it holds in memory."""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import grpc

from experiments.benchmarks import measure, server, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import Case
from experiments.benchmarks.peers import Peer, Setup
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

PEER = PEERS["serving-runtime"]
# The case that stands for each framework.
FRAMEWORKS = {"python": "noop", "sklearn": "iris", "tensorflow": "tensorflow", "pytorch": "pytorch"}
WORKERS = (1, 2, 4)
CHECK = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"
POLL_SECONDS = 0.005
HEAD = "framework   workers   health s   first answer s   all workers s   PSS MB"


class StartUp(NamedTuple):
    """Seconds from the start of the process, and megabytes once every worker has loaded."""

    health_seconds: float
    answer_seconds: float
    all_workers_seconds: float
    pss_mb: float


def main() -> int:
    """Print a table of the frameworks that are set up: the best of several starts."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.startup", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=3, help="starts of each (default 3)")
    rounds = parser.parse_args().rounds
    print(HEAD)
    for framework, case in _possible(PEER):
        for workers in WORKERS:
            best = StartUp(*map(min, zip(*(start(case, workers) for _ in range(rounds)))))
            print(line(framework, workers, best), flush=True)
    return 0


def _possible(peer: Peer) -> Iterator[tuple[str, Case]]:
    for framework, name in FRAMEWORKS.items():
        if setup.can_run(peer, CASES[name]):
            yield framework, CASES[name]
        else:
            print(f"left out: {framework}: not set up", file=sys.stderr)


def start(case: Case, workers: int, peer: Peer = PEER) -> StartUp:
    """Start our service once and take its times."""
    environment = peer.environment_for(case)
    python, models = setup.interpreter(environment), setup.models_folder(environment)
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        port = server.free_ports(1)[0]
        place = Setup(case, python, Path(folder), models, port, ())
        peer.prepare(place)
        with _running(peer, place, workers) as (process, began):
            return _watch(place, workers, process.pid, began)


@contextlib.contextmanager
def _running(
    peer: Peer, setup: Setup, workers: int
) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    command, environ = peer.start(setup)
    workers_variable = {"RUNTIME_WORKERS": str(workers)}
    began = time.monotonic()
    with (setup.folder / server.LOG).open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **server.AS_IN_IMAGES, **environ, **workers_variable},
            stdin=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process, began
    finally:
        server.stop(process)


def _watch(setup: Setup, workers: int, pid: int, began: float) -> StartUp:
    asked = server.Asked(PEER, setup.case, PEER.protocol.encode(setup.case))
    log = setup.folder / server.LOG
    health = _when(lambda: _status(setup.port), began)
    _when(lambda: _status(setup.port) == SERVING, began)
    answer = _when(lambda: not asked.problem(setup.port), began)
    everyone = _when(lambda: log.read_text().count(" serves ") == workers, began)
    return StartUp(health, answer, everyone, measure.use(pid).pss_mb)


def _status(port: int) -> bytes:
    """Return health's answer; nothing while there is none."""
    options = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
    with channel, contextlib.suppress(grpc.RpcError):
        return bytes(channel.unary_unary(CHECK, None, None)(b"", timeout=5))
    return b""


def _when(condition: Callable[[], object], began: float) -> float:
    """Wait for ``condition``; returns how long after ``began`` it holds."""
    while not condition():
        if time.monotonic() > began + server.START_SECONDS:
            raise TimeoutError(f"the service did not start in {server.START_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - began


def line(framework: str, workers: int, told: StartUp) -> str:
    """Return a line of the table."""
    return (
        f"{framework:<12}{workers:>7}{told.health_seconds:>11.2f}{told.answer_seconds:>17.2f}"
        f"{told.all_workers_seconds:>16.2f}{told.pss_mb:>9.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
