"""Run the load generators, h2load for gRPC and wrk for HTTP, and read what they print.

What is known of h2load 1.52 and minded here:

- It takes any HTTP status 200 for a success, and gRPC's failures are that: `grpc-status` comes in
  trailers, which it does not read. A failed call has no data, so the data that came is compared
  with what right answers would be.
- Its own statistics have no percentiles: they come from its log, one line a request. A log that is
  there already is appended to.
- `-D` takes no fractions, but milliseconds.
- With `-D` it stops amid requests, and what is under way then is in no figure.
- `-c N` opens N connections; gRPC clients share one: `-c 1 -m N` is that case.
- One thread (`-t 1`) leaves the other core to the server; two would compete with it.
"""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from serving_runtime.bench.percentiles import percentile
from tools.offline import packages

GRPC_HEADERS = ("content-type: application/grpc", "te: trailers")
GRPC_PREFIX_BYTES = 5
# How long a generator may take beyond what it was told, before it is ended.
GRACE_SECONDS = 30
# How long a number of calls may take.
COUNT_SECONDS = 600


class Shape(NamedTuple):
    """How many requests are under way, and over how many connections."""

    callers: int
    connections: int

    @property
    def name(self) -> str:
        """What command lines and results call it: `64`, or `64/1` on one connection."""
        shared = self.connections != self.callers
        return f"{self.callers}/{self.connections}" if shared else str(self.callers)


class Load(NamedTuple):
    """What one run of a generator came to."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float
    data_bytes: int = 0

    @property
    def per_second(self) -> float:
        """Requests that were answered, per second."""
        return (self.requests - self.errors) / self.seconds if self.seconds else 0.0


class LoadError(Exception):
    """A generator failed, or printed what cannot be read."""


def shape_of(text: str) -> Shape:
    """Read `8`, or `64/1` for 64 requests on one connection.

    Raises:
        ValueError: it is neither.
    """
    callers, _, connections = text.partition("/")
    shape = Shape(int(callers), int(connections or callers))
    if shape.callers < 1 or shape.connections < 1 or shape.callers % shape.connections:
        raise ValueError(text)
    return shape


def install() -> None:
    """Make sure that both generators are here.

    Raises:
        NotDebianError: they are not, and cannot be installed.
    """
    packages.ensure(["h2load", "wrk"], ["nghttp2-client", "wrk"], "to make load")


def framed(message: bytes) -> bytes:
    """Return a message as gRPC sends it: not compressed, its length before it."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def h2load(url: str, message: bytes, shape: Shape, seconds: float, reply_bytes: int) -> Load:
    """Call a gRPC method for a while.

    Args:
        url: scheme, host, port and the method's full name.
        message: the request.
        shape: how many at a time.
        seconds: how long.
        reply_bytes: the size of a right answer; 0 does not compare.
    """
    until = ["-D", f"{round(1000 * seconds)}ms"]
    printed, logged = _call(url, message, shape, until, seconds)
    return with_empty_as_errors(read_h2load(printed, logged, seconds), reply_bytes)


def h2load_count(url: str, message: bytes, shape: Shape, count: int, reply_bytes: int) -> Load:
    """Call a gRPC method so many times; arguments are those of `h2load`."""
    started = time.monotonic()
    printed, logged = _call(url, message, shape, ["-n", str(count)], COUNT_SECONDS)
    taken = time.monotonic() - started
    return with_empty_as_errors(read_h2load(printed, logged, taken), reply_bytes)


def _call(
    url: str, message: bytes, shape: Shape, until: list[str], seconds: float
) -> tuple[str, str]:
    """Run h2load; returns what it prints, and its log."""
    with tempfile.TemporaryDirectory() as folder:
        data, log = Path(folder, "request"), Path(folder, "log")
        data.write_bytes(framed(message))
        command = ["h2load", "-t", "1", "-c", str(shape.connections)]
        command += ["-m", str(shape.callers // shape.connections), *until]
        command += [part for header in GRPC_HEADERS for part in ("-H", header)]
        command += ["-d", str(data), f"--log-file={log}", url]
        printed = _run(command, seconds)
        return printed, log.read_text() if log.exists() else ""


def read_h2load(printed: str, logged: str, seconds: float) -> Load:
    """Read the summary that h2load prints, and the latencies in its log.

    Raises:
        LoadError: there is no summary.
    """
    pattern = r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout"
    counts = re.search(pattern, printed)
    traffic = re.search(r"headers \(.*\), \S+ \((\d+)\) data", printed)
    if not counts or not traffic:
        raise LoadError(f"h2load printed no summary:\n{printed[-1000:]}")
    done, succeeded = int(counts[1]), int(counts[2])
    fields = [line.split("\t") for line in logged.splitlines()]
    milliseconds = sorted(int(it[2]) / 1000 for it in fields if len(it) == 3)
    return Load(
        requests=done,
        seconds=seconds,
        errors=done - succeeded,
        p50_ms=percentile(milliseconds, 50),
        p99_ms=percentile(milliseconds, 99),
        data_bytes=int(traffic[1]),
    )


def with_empty_as_errors(load: Load, reply_bytes: int) -> Load:
    """Count the answers without data as errors.

    Args:
        load: as h2load tells it. An answer whose end was not seen may have given it data, never
            the other way round.
        reply_bytes: the size of a right answer; 0 does not compare.
    """
    if not reply_bytes:
        return load
    empty = load.requests - round(load.data_bytes / (GRPC_PREFIX_BYTES + reply_bytes))
    return load._replace(errors=max(load.errors, empty))


# The reply's status is all that wrk looks at; what it says is checked before and after a round.
WRK_SCRIPT = """\
local file = io.open(os.getenv("REQUEST_BODY"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nsummary {"requests": %d, "microseconds": %d, "bytes": %d, "errors": %d,' ..
    ' "p50": %f, "p99": %f}\\n',
    summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def wrk(url: str, body: bytes, headers: Mapping[str, str], shape: Shape, seconds: float) -> Load:
    """Post a body for a while; HTTP/1.1 has one request at a time on each connection."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder, "request"), Path(folder, "post.lua")
        data.write_bytes(body)
        script.write_text(WRK_SCRIPT)
        # wrk's durations are whole seconds.
        command = ["wrk", "-t1", f"-c{shape.callers}", f"-d{max(1, round(seconds))}s"]
        command += [part for it in headers.items() for part in ("-H", ": ".join(it))]
        command += ["--timeout", "30s", "-s", str(script), url]
        printed = _run(["env", f"REQUEST_BODY={data}", *command], seconds)
    return read_wrk(printed)


def read_wrk(printed: str) -> Load:
    """Read the line that our script makes wrk print.

    Raises:
        LoadError: there is none.
    """
    found = re.search(r"^summary (\{.*\})$", printed, re.MULTILINE)
    if not found:
        raise LoadError(f"wrk printed no summary:\n{printed[-1000:]}")
    told = json.loads(found[1])
    return Load(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        errors=told["errors"],
        p50_ms=told["p50"] / 1000,
        p99_ms=told["p99"] / 1000,
        data_bytes=told["bytes"],
    )


def _run(command: list[str], seconds: float) -> str:
    try:
        run = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds + GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"{command[0]} did not end {GRACE_SECONDS} s after its time") from None
    if run.returncode:
        raise LoadError(
            f"{command[0]} failed with exit code {run.returncode}:\n{run.stdout[-1000:]}"
        )
    return run.stdout
