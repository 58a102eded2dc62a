"""Measures what the log of calls costs the front: its CPU time for each call, by setting.

`python -m experiments.benchmarks.call_log` prints a table. One service runs for each value of
RUNTIME_LOG_CALLS, and the same callers load one after the other, in an order that changes, so that
what else the machine does meets all alike. Each service's log goes into a pipe that is read all the
time, as a container engine reads it.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.benchmarks.peers.serving_runtime import CONTRACT, FUNCTIONS
from experiments.benchmarks.server import free_ports
from serving_runtime import client
from serving_runtime.bench.level import measure
from serving_runtime.bench.load import Load

VALUES = ("none", "failed", "all")
SERVE = (sys.executable, "-m", "serving_runtime.cli", "serve")
HEALTH = (sys.executable, "-m", "serving_runtime.cli", "health", "--address")


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20, help="(default: 20)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load (default: 2)")
    parser.add_argument("--concurrency", type=int, default=64, help="callers (default: 64)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_model(folder / "model")
        services = {
            value: stack.enter_context(serving(folder / "model", value, arguments.format))
            for value in VALUES
        }
        found: dict[str, list[float]] = {value: [] for value in VALUES}
        for number in range(arguments.pairs):
            for value in VALUES if number % 2 else reversed(VALUES):
                port, process = services[value]
                microseconds = cpu_per_call(port, process.pid, arguments)
                found[value].append(microseconds)
    print(table(found))
    return 0


def write_model(folder: Path) -> None:
    """Write a model that returns its input."""
    path = folder / "files" / "src" / "func_main.py"
    path.parent.mkdir(parents=True)
    path.write_text(FUNCTIONS["noop"])
    (folder / "contract.yaml").write_text(
        CONTRACT.format(columns=4, shape="[-1, 4]", dtype="float32")
    )


@contextlib.contextmanager
def serving(
    model: Path, value: str, log_format: str
) -> "Iterator[tuple[int, subprocess.Popen[bytes]]]":
    """Run a service; yields its port and its front."""
    [port] = free_ports(1)
    settings = {"RUNTIME_LOG_CALLS": value, "RUNTIME_LOG_FORMAT": log_format}
    settings["RUNTIME_CONNECTION_AGE"] = "24h"
    process = subprocess.Popen(
        [*SERVE, str(model), "--port", str(port)],
        env={**os.environ, **settings},
        stderr=subprocess.PIPE,
    )
    reader = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        while not is_serving(port):
            if process.poll() is not None:
                raise SystemExit(f"the service ended with exit code {process.returncode}")
        yield port, process
    finally:
        process.terminate()
        process.wait()
        reader.wait()


def is_serving(port: int) -> bool:
    """Return whether a service answers that it is ready."""
    command = [*HEALTH, f"localhost:{port}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def cpu_per_call(port: int, front: int, arguments: argparse.Namespace) -> float:
    """Load a service; returns the front's CPU time for each call, in microseconds."""
    x = np.array([[6.3, 3.3, 6.0, 2.5]], np.float32)
    request = client.encode_request("", {"x": x}, as_content=False)
    load = Load(f"localhost:{port}", request, arguments.seconds, 30.0)
    before = cpu_seconds(front)
    level = measure(load, arguments.concurrency, lambda *_: None)
    if level.errors:
        raise SystemExit(f"calls failed: {level.errors}")
    return (cpu_seconds(front) - before) / level.answered * 1e6


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process: of the threads that run now, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def table(found: "dict[str, list[float]]") -> str:
    """Return the medians as Markdown, with what each value costs more than ``none``."""
    lines = ["| RUNTIME_LOG_CALLS | front CPU µs a call | more than none |", "|---|---:|---:|"]
    for value, each in found.items():
        ratios = [one / other for one, other in zip(each, found["none"], strict=True)]
        more = statistics.median(ratios) - 1
        lines.append(f"| {value} | {statistics.median(each):.1f} | {more:+.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
