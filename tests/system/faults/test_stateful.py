import os
import re
import signal
import threading
from typing import Any, List, NamedTuple

import grpc
import numpy as np
import pytest

import hydro_serving_grpc as hs
from tests.support import models
from tests.support.processes import wait_until
from tests.support.servers import PREDICT, ask, failure, request

RESET = [("x-reset-state", "1")]

LOADER = '''
import os, time
import numpy as np
from serving_runtime.model import Model

class Counter(Model):
    """Counts its calls, and adds up what they bring."""

    stateful = True

    def __init__(self):
        self.calls, self.total = 0, 0.0

    def predict(self, signature_name, inputs):
        if "exit" in inputs["what"]:
            os._exit(3)
        assert len(inputs["x"]) == 1, "stacked"
        while "gate" in inputs["what"] and not os.path.exists(self.gate):
            open(os.path.join(os.path.dirname(self.gate), "at-gate"), "w").close()
            time.sleep(0.005)
        self.calls += 1
        self.total += float(inputs["x"].sum())
        return {"y": np.array([float(self.calls), self.total])}

    def reset(self):
        self.calls, self.total = 0, 0.0

def load(files, contract):
    model = Counter()
    model.gate = str(files / "gate")
    return model
'''
CONTRACT = """
name: infer
inputs: {what: {shape: [-1], type: string}, x: {shape: [-1], type: double}}
outputs: {y: {shape: [-1], type: double}}
"""


CLIENTS, CALLS_BEFORE, CALLS_AFTER = 8, 10, 15


class Counted(NamedTuple):
    """Where a call was: in which state of the model, and which call of that state it was."""

    epoch: int
    count: float


def counted(connection, what="", metadata=()) -> Counted:
    """Call the model with a 1."""
    call = connection.unary_unary(PREDICT, None, None)
    return seen_in(*call.with_call(request(what, [1.0]), timeout=60, metadata=metadata))


def seen_in(payload: bytes, ended: Any) -> Counted:
    """Return what a reply says; its sum agrees with its count."""
    y = np.frombuffer(hs.PredictResponse.FromString(payload).outputs["y"].tensor_content)
    assert y[0] == y[1]
    return Counted(epoch_of(ended), y[0])


def epoch_of(ended: Any) -> int:
    """Return the state epoch in the trailing metadata of a call, failed or not."""
    return int(dict(ended.trailing_metadata())["x-state-epoch"])


def refused(connection, payload, metadata) -> Any:
    """Make a call that must fail; returns its error."""
    with pytest.raises(grpc.RpcError) as caught:
        connection.unary_unary(PREDICT, None, None)(payload, timeout=60, metadata=metadata)
    return caught.value


def counters(server) -> str:
    """End the service; returns what its last line has counted."""
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    found = re.search("stopped (.*)", server.log)
    assert found, server.log
    return found.group(1)


@pytest.fixture
def counter(launch, tmp_path):
    """Serve a model that counts its calls, with a runtime of the test's own."""
    package, model = tmp_path / "path" / "counter_runtime", tmp_path / "model"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def recognises(files):\n    return False\n")
    (package / "loader.py").write_text(LOADER)
    (model / "files").mkdir(parents=True)
    (model / "files" / "weights").touch()
    (model / "contract.yaml").write_text(CONTRACT)
    servers = []

    def start(**settings):
        path = os.pathsep.join(filter(None, [str(package.parent), os.environ.get("PYTHONPATH")]))
        servers.append(
            launch(model, arguments=("--runtime", "counter"), PYTHONPATH=path, **settings)
        )
        return servers[-1].wait_serving()

    yield start
    for server in servers:
        server.end()


def test_calls_run_one_by_one_in_order(counter, dial):
    """Calls that wait for a stateful model are never stacked, and run in the order of arrival."""
    server = counter()
    call = dial(server).unary_unary(PREDICT, None, None)
    connection = dial(server)
    blocker = call.future(request("gate", [0.0]), timeout=60)
    arrived = [call.future(request("", [float(number)]), timeout=60) for number in range(20)]
    server.note("gate").touch()
    assert blocker.code().name == "OK"
    assert {future.code().name for future in arrived} == {"OK"}
    assert ask(connection, request("", [0.0])) == [22.0, float(sum(range(20)))]


def test_a_stream_of_calls_keeps_the_state(counter, dial):
    """Every call of one client sees what its earlier ones did, others calling at once or not."""
    server = counter()
    seen: List[List[float]] = []

    def count():
        connection = dial(server)
        seen.extend(ask(connection, request("", [1.0])) for _ in range(25))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [[float(n), float(n)] for n in range(1, 101)]


def test_one_worker_serves_it_whatever_is_set(counter, dial):
    """RUNTIME_WORKERS=3 gives a stateful model one worker, with a warning."""
    server = counter(RUNTIME_WORKERS="3")
    server.wait_log("the model is stateful: one worker serves it, not 3")
    assert [ask(dial(server), request("", [1.0]))[0] for _ in range(9)] == [
        float(n) for n in range(1, 10)
    ]
    assert len(server.workers) == 1


def test_a_lost_state_is_told(counter, dial):
    """After a kill the state begins anew, and the log warns of it."""
    server = counter()
    connection = dial(server)
    assert ask(connection, request("", [5.0])) == [1.0, 5.0]
    os.kill(server.workers[0], signal.SIGKILL)
    wait_until(lambda: "state is lost" in server.log, "the warning")
    assert ask(connection, request("", [2.0])) == [1.0, 2.0]
    assert failure(connection, request("exit", [1.0])).status == "INTERNAL"
    assert ask(connection, request("", [3.0])) == [1.0, 3.0]


def test_a_reset_amid_clients_begins_one_new_sequence(counter, dial):
    """All calls are in two sequences without a gap, each client's in order, and epochs tell them.

    The call that resets is the first of the new one.
    """
    server = counter()
    rounds: List[List[Counted]] = [[] for _ in range(CLIENTS)]
    begun = threading.Barrier(CLIENTS)

    def call_all_the_time(client):
        connection = dial(server)
        rounds[client].extend(counted(connection) for _ in range(CALLS_BEFORE))
        begun.wait(60)
        rounds[client].append(counted(connection, metadata=() if client else RESET))
        rounds[client].extend(counted(connection) for _ in range(CALLS_AFTER))

    threads = [threading.Thread(target=call_all_the_time, args=[it]) for it in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(calls == sorted(set(calls)) for calls in rounds)
    assert rounds[0][CALLS_BEFORE] == (1, 1.0)
    everything = sorted(counted_ for calls in rounds for counted_ in calls)
    size = CLIENTS * (CALLS_BEFORE + 1 + CALLS_AFTER)
    first = sum(it.epoch == 0 for it in everything)
    assert CLIENTS * CALLS_BEFORE <= first < size
    assert everything == [
        *((0, float(number)) for number in range(1, first + 1)),
        *((1, float(number)) for number in range(1, size - first + 1)),
    ]
    assert server.log.count("the model's state was reset") == 1
    assert "state_resets=1" in counters(server)


def test_the_log_says_that_the_model_is_stateful(counter):
    """One line: whose calls are one sequence, in which order, and how to begin a new one."""
    server = counter()
    server.wait_log("the model is stateful: the calls of all clients are one sequence")
    [line] = [line for line in server.log.splitlines() if "is stateful" in line]
    assert "one at a time in the order of arrival" in line
    assert "x-reset-state: 1" in line


def test_a_killed_worker_ends_the_epoch(counter, dial):
    """The next call is the first of the next epoch; a warning and a counter tell operators."""
    server = counter()
    connection = dial(server)
    assert [counted(connection) for _ in range(2)] == [(0, 1.0), (0, 2.0)]
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_log("state is lost")
    assert counted(connection) == (1, 1.0)
    [line] = [line for line in server.log.splitlines() if "state is lost" in line]
    assert " WARNING " in line
    assert "state_epoch=1" in line
    told = counters(server)
    assert "state_losses=1" in told
    assert "worker_deaths=\"{'was killed by SIGKILL': 1}\"" in told


def test_calls_that_outlive_their_worker_are_of_the_next_epoch(counter, dial):
    """What ran and what waited is answered, counted from zero, and its number says so."""
    server = counter()
    connection = dial(server)
    assert counted(connection) == (0, 1.0)
    call = connection.unary_unary(PREDICT, None, None)
    waiting = [call.future(request("gate", [1.0]), timeout=60) for _ in range(3)]
    wait_until(lambda: server.note("at-gate").exists(), "a call to run")
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_log("state is lost")
    server.note("gate").touch()
    assert sorted(seen_in(it.result(), it) for it in waiting) == [(1, 1.0), (1, 2.0), (1, 3.0)]


def test_a_call_that_ends_its_worker_tells_the_new_epoch(counter, dial):
    """Twice lost, two numbers on: its client knows that the state has gone with it."""
    connection = dial(counter())
    assert counted(connection) == (0, 1.0)
    error = refused(connection, request("exit", [1.0]), ())
    assert (error.code().name, epoch_of(error)) == ("INTERNAL", 2)
    assert counted(connection) == (2, 1.0)


def test_a_reset_survives_its_worker(counter, dial):
    """A call that resets does so on the next worker too: a loss and a reset, and it is first."""
    server = counter()
    connection = dial(server)
    assert counted(connection) == (0, 1.0)
    call = connection.unary_unary(PREDICT, None, None)
    resetting = call.future(request("gate", [1.0]), timeout=60, metadata=RESET)
    wait_until(lambda: server.note("at-gate").exists(), "the call to run")
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_log("state is lost")
    server.note("gate").touch()
    assert seen_in(resetting.result(), resetting) == (2, 1.0)
    assert counted(connection) == (2, 2.0)
    told = counters(server)
    for words in ("retries=1", "state_losses=1", "state_resets=1"):
        assert words in told


def test_what_is_refused_does_not_reset(counter, dial):
    """Bad inputs, and words that are neither yes nor no, leave the state as it is."""
    connection = dial(counter())
    assert counted(connection) == (0, 1.0)
    error = refused(connection, b"\xff\xff", RESET)
    assert (error.code().name, epoch_of(error)) == ("INVALID_ARGUMENT", 0)
    error = refused(connection, request("", [1.0]), [("x-reset-state", "yes")])
    assert error.code().name == "INVALID_ARGUMENT"
    assert "x-reset-state is 'yes': expected 1 or true" in error.details()
    assert counted(connection, metadata=[("x-reset-state", "false")]) == (0, 2.0)
    assert counted(connection, metadata=[("x-reset-state", "true")]) == (1, 1.0)


def test_a_stateless_model_refuses_to_reset(serve, dial):
    """There is nothing to reset, and answers tell no epoch."""
    connection = dial(serve())
    error = refused(connection, request(), RESET)
    assert (error.code().name, error.details()) == (
        "INVALID_ARGUMENT",
        "the model has no state to reset",
    )
    call = connection.unary_unary(PREDICT, None, None)
    _, ended = call.with_call(request(), timeout=60)
    assert "x-state-epoch" not in dict(ended.trailing_metadata())


FUNCTION = """
calls = 0
def infer(what, x):
    global calls
    assert len(x) == 1, "stacked"
    calls += 1
    return {"y": [float(calls)]}
"""


def test_the_setting_makes_a_stateful_model_of_any(launch, tmp_path, dial):
    """RUNTIME_STATEFUL=1: one order on one worker, nothing stacked, no warm-up as first call."""
    server = launch(
        models.write(tmp_path / "model", FUNCTION, CONTRACT),
        RUNTIME_STATEFUL="1", RUNTIME_WORKERS="3", RUNTIME_WARM_UP="on",
    ).wait_serving()  # fmt: skip
    call = dial(server).unary_unary(PREDICT, None, None)
    waiting = [call.future(request("", [1.0]), timeout=60) for _ in range(20)]
    replies = [hs.PredictResponse.FromString(it.result()).outputs["y"] for it in waiting]
    counts = sorted(np.frombuffer(it.tensor_content)[0] for it in replies)
    assert counts == [float(number) for number in range(1, 21)]
    assert len(server.workers) == 1
    assert "one worker serves it, not 3" in server.log
    assert "RUNTIME_WARM_UP=on has no effect: a call would change the model" in server.log
    error = refused(dial(server), request("", [1.0]), RESET)
    assert "cannot be reset, only restarted" in error.details()
