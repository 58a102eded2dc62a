import contextlib
import os
import socket

import grpc
import pytest

from tests.support.callers import Callers
from tests.support.processes import wait_until
from tests.support.servers import (
    CHECK,
    SERVING,
    Server,
    assert_bit_exact,
    channel,
    failure,
    request,
)
from tests.support.targets import TWO_WORKERS

# A pipe takes 64 KiB; a line of a call is longer than 100 bytes.
MORE_CALLS_THAN_A_PIPE_TAKES = 2000


@pytest.fixture
def start(obedient, tmp_path, transport):
    """Return a function: a server whose standard error is what a shell says; gives its port."""
    servers = []

    def start(redirection, **settings):
        port = free_port()
        servers.append(
            Server(
                obedient,
                tmp_path,
                prefix=["sh", "-c", f'exec "$@" {redirection}', "sh"],
                APP_PORT=str(port),
                RUNTIME_GRPC_TRANSPORT=transport,
                RUNTIME_LOG_CALLS="1",
                **settings,
            )
        )
        wait_until(lambda: health(port) == SERVING or servers[-1].has_ended, "SERVING")
        return f"localhost:{port}"

    yield start
    for server in servers:
        server.end()


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        return taken.getsockname()[1]


def health(port):
    """Return the bytes of health's answer; none if there is no answer."""
    with channel(f"localhost:{port}") as connection, contextlib.suppress(grpc.RpcError):
        return bytes(connection.unary_unary(CHECK, None, None)(b"", timeout=5))
    return b""


@pytest.fixture
def unread(tmp_path):
    """Make a pipe that is open for reading, and that nobody reads; gives its path and reader."""
    path = tmp_path / "unread"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


@pytest.mark.parametrize("workers", ["0", "1", TWO_WORKERS])
def test_a_log_that_nobody_reads_stops_nothing(start, unread, workers):
    """Calls are answered, workers replaced and health told long after the pipe is full."""
    path, reader = unread
    address = start(f"2>{path}", RUNTIME_WORKERS=workers)
    with Callers(address, 8) as callers:
        callers.wait_answers(MORE_CALLS_THAN_A_PIPE_TAKES)
    assert callers.failures == []
    if workers != "0":
        crash(address)
    with channel(address) as connection:
        assert_bit_exact(connection)
    assert is_full(reader)


def crash(address):
    """Have workers end; those that replace them must load, and log that."""
    with channel(address) as connection:
        for number in range(3):
            assert failure(connection, request("exit 3", [float(number)])).status == "INTERNAL"


def is_full(reader):
    """Return whether a pipe was full: each write may have opened a new page of it."""
    return len(os.read(reader, 1 << 20)) > 32000


def test_a_log_that_is_read_again_loses_nothing_that_could_wait(start, unread):
    """What waited is written, whole and in order, once somebody reads."""
    path, reader = unread
    address = start(f"2>{path}")
    with Callers(address, 8) as callers:
        callers.wait_answers(MORE_CALLS_THAN_A_PIPE_TAKES)
    read = bytearray()

    def count():
        with contextlib.suppress(BlockingIOError):
            read.extend(os.read(reader, 1 << 20))
        return read.count(b" call ")

    wait_until(lambda: count() >= callers.answered, "all lines, none of which had to be lost")
    lines = read.decode().splitlines()
    assert all(line.startswith("20") for line in lines), "no line is mixed with another"


@pytest.mark.parametrize(
    "redirection",
    ["2>/dev/full", "1>&- 2>&-"]
    + [pytest.param(it, marks=pytest.mark.nightly) for it in ("2>&-", "2>/dev/null")],
)
def test_a_log_that_takes_nothing_stops_nothing(start, redirection):
    """A full disk, or no standard error at all, harm no call and no replacement of a worker."""
    address = start(redirection)
    with Callers(address, 8) as callers:
        callers.wait_answers(200)
    assert callers.failures == []
    crash(address)
    with channel(address) as connection:
        assert_bit_exact(connection)


def test_a_log_whose_reader_has_gone_stops_nothing(start, unread):
    """A broken pipe is no reason to end."""
    path, reader = unread
    address = start(f"2>{path}")
    gone = os.open(os.devnull, os.O_RDONLY)
    os.dup2(gone, reader)
    os.close(gone)
    with Callers(address, 8) as callers:
        callers.wait_answers(200)
    assert callers.failures == []
    crash(address)
