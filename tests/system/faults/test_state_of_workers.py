"""What a Python model makes when it is imported and in load() is one worker's only."""

import os
import signal

import numpy as np
import pytest

import hydro_serving_grpc as hs
from serving_runtime.client import encode_request
from tests.support import models
from tests.support.processes import wait_until
from tests.support.servers import PREDICT

CONTRACT = """
name: who
inputs: {x: {shape: scalar, type: double}}
outputs:
  pid: {shape: scalar, type: int64}
  loaded_in: {shape: scalar, type: int64}
  connected_to: {shape: scalar, type: int64}
  made: {shape: [-1], type: string}
"""
# Each is made once in each worker, and differs from that of every other one.
MODEL = """
import os, random, secrets, shutil, sqlite3, tempfile, threading, uuid
import numpy as np

generator = np.random.default_rng()
former = np.random.RandomState()
dice = random.Random()
token, name, folder = secrets.token_hex(), str(uuid.uuid4()), tempfile.mkdtemp(dir=".")
lock = threading.Lock()
loaded_in = 0

def load():
    global loaded_in, database
    loaded_in = os.getpid()
    database = sqlite3.connect(os.path.join(folder, "db"))
    database.execute("create table owner (pid integer)")
    database.execute("insert into owner values (?)", [os.getpid()])
    with open("loaded", "a") as notes:
        notes.write(f"{os.getpid()}\\n")

def unload():
    database.close()
    shutil.rmtree(folder)
    with open("unloaded", "a") as notes:
        notes.write(f"{os.getpid()}\\n")

def who(x):
    with lock:
        [(owner,)] = database.execute("select pid from owner")
    made = [generator.random(), former.rand(), dice.random(), token, name, folder]
    return {"pid": os.getpid(), "loaded_in": loaded_in, "connected_to": owner,
            "made": [str(it) for it in made]}
"""
WORKERS = 3


def ask(connection):
    """Return who answers, whose load() and connection that has, and what was made."""
    payload = encode_request("who", {"x": np.float64(0)}, False)
    reply = connection.unary_unary(PREDICT, None, None)(payload, timeout=30)
    outputs = hs.PredictResponse.FromString(reply).outputs
    numbers = [outputs[it].int64_val[0] for it in ("pid", "loaded_in", "connected_to")]
    return numbers, list(outputs["made"].string_val)


def pids(server, name):
    """Return the processes that have noted something."""
    return sorted(map(int, server.note(name).read_text().split()))


@pytest.fixture
def server(launch, tmp_path):
    """Serve the model with several workers."""
    model = models.write(tmp_path / "model", MODEL, CONTRACT)
    server = launch(model, RUNTIME_WORKERS=str(WORKERS)).wait_serving()
    wait_until(lambda: server.log.count(" serves ") == WORKERS, "all workers")
    return server


def test_each_worker_makes_its_own(server, dial):
    """Generators, ids, folders and connections are no two workers' alike."""
    connection, answers = dial(server), {}
    while len(answers) < WORKERS:
        # Whoever has answered is ended, so that each is asked.
        (pid, *owners), made = ask(connection)
        assert owners == [pid, pid]
        answers[pid] = made
        os.kill(pid, signal.SIGKILL)
    for values in zip(*answers.values()):
        assert len(set(values)) == WORKERS


def test_load_and_unload_run_once_in_each_worker(server):
    """As the documents say; nothing is left of what they have made."""
    workers = sorted(server.workers)
    assert pids(server, "loaded") == workers
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert pids(server, "unloaded") == workers
    assert "Traceback" not in server.log
    assert sorted(it.name for it in (server.model / "files").iterdir()) == [
        "loaded", "src", "unloaded",
    ]  # fmt: skip
