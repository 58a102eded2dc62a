"""Serves a mixed diet for hours, and looks for what grows and what is answered wrongly."""

import argparse
import collections
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from experiments.reliability import soak_clients, soak_diet, soak_model, soak_samples
from experiments.reliability.experiment import Experiment, Findings, Goal
from experiments.reliability.soak_clients import Task
from experiments.reliability.soak_exchange import WRONG, Kind
from experiments.reliability.soak_samples import Sample
from tests.support.servers import Server

PROMISE = (
    "Whatever is sent, and for however long: memory, descriptors, threads and processes do not "
    "grow, and no answer is wrong."
)
MB_PER_MILLION = 10
MAX_POOL_THREADS = 32  # about one for each connection
# A request that crashes workers ends two; the third one keeps the service SERVING meanwhile.
WORKERS = 3
START_SECONDS = 5  # that the clients' processes may take to start
END_SECONDS = 90  # longer than any call may take
EXAMPLES = 20
SETTINGS = {
    "RUNTIME_WORKERS": str(WORKERS),
    "RUNTIME_MAX_MESSAGE_BYTES": str(soak_diet.MAX_MESSAGE_BYTES),
}


class Soak(NamedTuple):
    """How long, and how much at a time."""

    hours: float
    every_seconds: float
    processes: int
    callers: int
    crashes_per_minute: float


class _Record:
    """One soak: what it asks, and what has been told so far."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self.problems: collections.Counter[str] = collections.Counter()
        self.samples: list[Sample] = []
        self.address = server.address
        self._front = server.front
        self._port = int(server.address.rpartition(":")[2])
        self._folder = folder
        self._began = time.monotonic()

    @property
    def requests(self) -> int:
        """How many calls have been answered."""
        return soak_clients.requests(self.counts)

    def look(self, reports: Any) -> None:
        """Take a sample, once there are answers."""
        latencies_ms = self.take(reports)
        seconds = time.monotonic() - self._began
        if self.requests:
            seen = (seconds, self.requests, latencies_ms)
            self.samples.append(soak_samples.look(self._front, self._port, *seen))
        for log in self._folder.glob("*.log"):
            os.truncate(log, 0)  # a line for each call would fill the disk

    def take(self, reports: Any) -> list[float]:
        """Add what clients have reported; returns the latencies among it, in milliseconds."""
        latencies_ms: list[float] = []
        for report in soak_clients.reported(reports):
            self.counts.update(report.counts)
            self.problems.update(report.problems)
            latencies_ms += report.latencies_ms
        return latencies_ms

    def finish(self, clients: list[Any], reports: Any) -> None:
        """Wait for the last answers."""
        until = time.monotonic() + END_SECONDS
        while any(client.is_alive() for client in clients) and time.monotonic() < until:
            self.take(reports)
            time.sleep(0.05)
        self.take(reports)
        ends = [client.exitcode for client in clients]
        if any(end != 0 for end in ends):
            self.problems[f"clients ended with {ends}; None is one that was never answered"] += 1


def soak(wanted: Soak, progress: Callable[[str], None]) -> Findings:
    """Run a server and its clients, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        model = soak_model.write_model(Path(folder, "model"))
        server = Server(model, Path(folder), **SETTINGS)
        try:
            record = _Record(server.wait_serving(), Path(folder))
            _run_clients(record, wanted, progress)
        finally:
            server.end()
    return _findings(record)


def _run_clients(record: _Record, wanted: Soak, progress: Callable[[str], None]) -> None:
    until = time.monotonic() + START_SECONDS + wanted.hours * 3600
    clients, reports = soak_clients.start(_tasks(record.address, wanted, until))
    try:
        while time.monotonic() < until:
            time.sleep(max(0.0, min(wanted.every_seconds, until - time.monotonic())))
            record.look(reports)
            progress(f"{record.requests:,} requests: {record.samples[-1:]}")
        record.finish(clients, reports)
    finally:
        for client in clients:
            client.kill()


def _tasks(address: str, wanted: Soak, until: float) -> list[Task]:
    """Return what each process of clients has to do; one of them crashes the workers."""
    crashes = [wanted.crashes_per_minute] + [0.0] * (wanted.processes - 1)
    return [
        Task(address, 1000 * number, wanted.callers, each, until)
        for number, each in enumerate(crashes)
    ]


def _findings(record: _Record) -> Findings:
    samples = record.samples
    growth = {
        name: round(soak_samples.growth_per_million(samples, name), 3)
        for name in ("pss_mb", "rss_mb", "private_dirty_mb", "front_pss_mb")
    }
    figures = {
        "requests_per_second": round(soak_samples.requests_per_second(samples)),
        "mb_per_million_requests": growth,
        "problems": dict(record.problems.most_common(EXAMPLES)),
        "samples": {name: [getattr(it, name) for it in samples] for name in Sample._fields},
    }
    return Findings(_counts(record), _goals(record, growth["pss_mb"]), figures)


def _counts(record: _Record) -> dict[str, int]:
    """Return what is told: all requests, the crashes among them, and then the others by kind."""
    kinds = {str(kind): count for kind, count in sorted(record.counts.items())}
    crashes = str(Kind.CRASHES)
    return {"requests": record.requests, crashes: kinds.pop(crashes, 0), **kinds}


def _goals(record: _Record, growth_mb: float) -> list[Goal]:
    problems = record.problems
    pooled = [sample.pool_threads for sample in record.samples]
    wrong = sum(count for text, count in problems.items() if WRONG in text)
    return [
        Goal("memory that grows (PSS of all processes)", growth_mb, "MB per million requests",
             at_most=MB_PER_MILLION),
        *(Goal(f"{name} at the end, beyond those after the warm-up",
               soak_samples.change(record.samples, name), at_most=0)
          for name in ("descriptors", "threads", "processes")),
        Goal("threads of gRPC's pool", max(pooled, default=None), at_most=MAX_POOL_THREADS),
        Goal("wrong answers", wrong, at_most=0),
        Goal("unexpected statuses or details", problems.total() - wrong, at_most=0),
    ]  # fmt: skip


def _describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=1, help="fractions are allowed (1)")
    parser.add_argument("--every-seconds", type=float, default=10, help="between samples (10)")
    parser.add_argument("--processes", type=int, default=2, help="of clients (2)")
    parser.add_argument("--callers", type=int, default=12, help="in each of them (12)")
    parser.add_argument("--crashes-per-minute", type=float, default=6, help="of workers (6)")


def _run(arguments: argparse.Namespace, progress: Callable[[str], None]) -> Findings:
    return soak(Soak(*(getattr(arguments, name) for name in Soak._fields)), progress)


EXPERIMENT = Experiment("soak", PROMISE, _describe, _run)
