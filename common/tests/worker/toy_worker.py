"""A worker process of a toy runtime, whose model runs the code that a test gives it."""

import os
import socket
import subprocess
import time

import pytest

from serving_runtime import operations
from serving_runtime.contract import serialise
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.ipc.stream import Splitter
from serving_runtime.server.workers.processes import ENTRY
from serving_runtime.signature import Contract, Field, Signature

CONTRACT = Contract(
    "m", (Signature("s", (Field("x", "float32", (-1, 2)),), (Field("sum", "float32", (-1,)),)),)
)
INIT = "def recognises(files):\n    return True\n"
# The model directory's `code` is run while it is loaded, and may replace `predict`.
LOADER = """
import os, time
from serving_runtime.model import Model
from serving_runtime.errors import LoadError

class Toy(Model):
    def predict(self, signature_name, inputs):
        return {"sum": inputs["x"].sum(axis=1)}

    def close(self):
        print("closed", flush=True)

def load(files, contract):
    exec((files / "code").read_text(), globals())
    return Toy()
"""


class Worker:
    """A worker process, and the front's end of its socket."""

    def __init__(self, process, connection):
        self.process = process
        self.connection = connection
        self._splitter = Splitter(2**20)
        self._frames = []

    def frame(self):
        """Wait for the next frame; None at the end of the stream."""
        while not self._frames:
            data = self.connection.recv(2**16)
            if not data:
                return None
            self._frames.extend(self._splitter.split(data))
        return self._frames.pop(0)

    def call(self, payload, seconds=60.0):
        """Send a call."""
        call = CallFrame(1, operations.PREDICT.key, "id", time.monotonic() + seconds, payload)
        self.connection.sendall(frames.pack_batch(1) + b"".join(frames.pack_call(call)))

    def end(self):
        """Wait for the process to end; returns its exit code and what it wrote."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
def environ(tmp_path):
    """Return a function: the environment of a worker of the toy runtime, with this code."""
    package = tmp_path / "packages" / "toy_runtime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(INIT)
    (package / "loader.py").write_text(LOADER)
    root = tmp_path / "model"
    (root / "files").mkdir(parents=True)
    (root / "contract.protobin").write_bytes(serialise(CONTRACT))

    def make(code, **changes):
        (root / "files" / "code").write_text(code)
        paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
        kept = {name: text for name, text in os.environ.items() if not name.startswith("RUNTIME_")}
        return {
            **kept, "MODEL_DIR": str(root),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)), **changes,
        }  # fmt: skip

    return make


@pytest.fixture
def start(environ):
    """Return a function that starts a worker of the toy runtime with some code in its model."""
    started = []

    def start(code="", **changes):
        ours, theirs = socket.socketpair()
        ours.settimeout(30)
        with theirs:
            process = subprocess.Popen(
                [
                    *ENTRY, "--fd", str(theirs.fileno()),
                    "--front", str(os.getpid()), "--name", "worker-1", "--runtime", "toy",
                ],
                env=environ(code, **changes),
                pass_fds=[theirs.fileno()],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )  # fmt: skip
        started.append(Worker(process, ours))
        return started[-1]

    yield start
    for worker in started:
        worker.connection.close()
        if worker.process.poll() is None:
            worker.process.kill()
            worker.process.communicate()
        worker.process.stdout.close()
        worker.process.stderr.close()
