import os
import re
import signal

import numpy as np
import pytest

import hydro_serving_grpc as hs
from serving_runtime.client import encode_request
from tests.support import forking, models
from tests.support.processes import children, name_of, wait_until
from tests.support.servers import PREDICT

# Notes each time it is imported; answers with the process that did, and the one that runs now.
MODEL = """
import ctypes, os, random, secrets, tempfile, threading, time, uuid
import numpy as np
with open("loads", "a") as notes:
    notes.write(f"{os.getpid()}\\n")
print("loading")
numbers = random.random(), np.random.random()
DRAWS = {
    "random": random.random,
    "numpy": np.random.random,
    "uuid": lambda: uuid.uuid4().int % 2**50,
    "secrets": lambda: secrets.randbits(50),
    "folder": lambda: int.from_bytes(os.path.basename(tempfile.mktemp()).encode(), "big") % 2**50,
}
def infer(what, x):
    if what[0] == "crash":
        ctypes.string_at(0)
    if what[0] in DRAWS:
        return {"y": np.full(len(x), DRAWS[what[0]](), float)}
    if what[0] == "fail":
        raise ValueError("told you")
    return {"y": np.full(len(x), os.getpid(), float)}
def table(rows, weights, count):
    return {"y": rows[:, 0]}
"""
SOURCES = ("random", "numpy", "uuid", "secrets", "folder")


@pytest.fixture
def start(launch, tmp_path):
    """Return a function that serves the model, with a line more, by a runtime that forks."""

    def begin(line="", **settings):
        model = models.write(tmp_path / "model", MODEL + line + "\n")
        return launch(model, **forking.install(tmp_path / "packages"), **settings)

    return begin


def ask(connection, what=""):
    """Return the one number that the model answers."""
    payload = encode_request("infer", {"what": [what], "x": np.zeros(1)}, False)
    reply = connection.unary_unary(PREDICT, None, None)(payload, timeout=30)
    return hs.PredictResponse.FromString(reply).outputs["y"].double_val[0]


def fork_server_of(server):
    """Return the fork server's process id; None if there is none."""
    return next((pid for pid in children(server.front) if name_of(pid) == "fork-server"), None)


def wait_workers(server, count):
    """Wait for so many workers that serve."""
    wait_until(lambda: server.log.count(" serves ") == count, f"{count} workers")


def test_workers_share_one_loaded_model(start):
    """Three workers, and their replacements, load the model once."""
    server = start(RUNTIME_WORKERS="3").wait_serving()
    wait_workers(server, 3)
    assert len(server.workers) == 3
    for number, victim in enumerate(server.workers, start=4):
        os.kill(victim, signal.SIGKILL)
        wait_workers(server, number)
    assert server.runs("loads") == 1
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")
    assert server.out.count("loading") == 1


def test_a_forked_worker_answers_and_says_how_it_ended(start, dial):
    """A crash of a forked worker is told, and answered, as that of any other."""
    server = start(RUNTIME_WORKERS="2").wait_serving()
    wait_workers(server, 2)
    (loader,) = server.note("loads").read_text().split()
    os.kill(int(loader), signal.SIGKILL)
    wait_workers(server, 3)
    connection = dial(server)
    assert {int(ask(connection)) for _ in range(8)} <= set(server.workers)
    with pytest.raises(Exception, match="was killed by SIGSEGV"):
        ask(connection, "crash")
    wait_workers(server, 5)
    assert server.runs("loads") == 1


def test_workers_draw_different_numbers(start, dial):
    """What belongs to the process, and whose state is copied with it, is not that of a twin."""
    server = start(RUNTIME_WORKERS="2").wait_serving()
    wait_workers(server, 2)
    drawn = []
    for number in (3, 4):
        connection = dial(server)
        drawn.append([ask(connection, source) for source in SOURCES])
        for victim in server.workers:
            os.kill(victim, signal.SIGKILL)
        wait_workers(server, 2 * number - 2)
    assert [one != other for one, other in zip(*drawn)] == [True] * len(SOURCES)


@pytest.mark.parametrize(
    "line",
    [
        "import sys; sys.stdout = sys.stderr = None",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "import logging.config; logging.config.dictConfig({'version': 1})",
        "os.closerange(3, 256)",
    ],
)
def test_what_user_code_changes_is_no_matter_to_a_fork(start, dial, line):
    """Workers are forked, say so under their own names, and answer."""
    server = start(line, RUNTIME_WORKERS="2").wait_serving()
    wait_workers(server, 2)
    assert server.runs("loads") == 1
    assert "worker-2 serves" in server.log
    os.kill(server.workers[0], signal.SIGKILL)
    wait_workers(server, 3)
    connection = dial(server)
    with pytest.raises(Exception, match="told you"):
        ask(connection, "fail")
    assert re.search(r"ERROR   worker-[23] .*the model raised", server.log)
    assert "ValueError: told you" in server.log


UNSAFE = {
    "threading.Thread(target=time.sleep, args=[9e9], daemon=True).start()": "started threads",
    "kept = open('loads')": "left files or connections open",
}


@pytest.mark.parametrize("line", UNSAFE)
def test_what_a_fork_would_break_is_loaded_by_each_worker(start, line):
    """Threads are not copied by a fork, and what is open would be shared: that is said."""
    server = start(line, RUNTIME_WORKERS="2").wait_serving()
    wait_workers(server, 2)
    assert server.runs("loads") == 2
    assert fork_server_of(server) is None
    assert server.log.count(f"loads the model by itself: loading it has {UNSAFE[line]}") == 1


def test_without_its_fork_server_the_front_starts_processes(start):
    """A fork server that was killed is missed by nobody."""
    server = start(RUNTIME_WORKERS="2").wait_serving()
    wait_workers(server, 2)
    os.kill(fork_server_of(server), signal.SIGKILL)
    wait_until(lambda: len(children(server.front)) == 2, "the fork server's end")
    os.kill(server.workers[0], signal.SIGKILL)
    wait_workers(server, 3)
    assert server.runs("loads") == 2


def test_one_worker_needs_no_fork_server(start):
    """The default costs no memory."""
    server = start().wait_serving()
    assert len(children(server.front)) == 1
