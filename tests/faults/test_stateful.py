import os
import signal
import threading
from typing import List

import pytest

from tests.faults.processes import wait_until
from tests.faults.servers import PREDICT, ask, failure, request

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
            time.sleep(0.005)
        self.calls += 1
        self.total += float(inputs["x"].sum())
        return {"y": np.array([float(self.calls), self.total])}

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
