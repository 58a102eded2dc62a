import pathlib
import sys
import time

import numpy as np
import pytest

from serving_runtime import client, operations
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.model import Model
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.worker.predictor import Predictor

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from toy_worker import environ, start  # noqa: F401  fixtures

ROWS = Signature(
    "rows",
    (Field("x", "float32", (-1, 2)),),
    (Field("sum", "float32", (-1,)), Field("name", "string", (-1,))),
)
ONE = Signature("one", (Field("x", "float32", (2,)),), (Field("sum", "float32", ()),))


class Sums(Model):
    """Adds up rows; ``behaviour``, if set, is called instead."""

    def __init__(self):
        self.behaviour = None
        self.shapes = []
        self.is_closed = False

    def predict(self, signature_name, inputs):
        """Return the sum of each row, and a name for it."""
        self.shapes.append(inputs["x"].shape)
        if self.behaviour:
            return self.behaviour(inputs["x"])
        return self.sums(inputs["x"])

    def sums(self, x):
        """Return what a good model returns."""
        sums = x.sum(axis=-1)
        return {"sum": sums, "name": np.array([f"{value:g}" for value in np.ravel(sums)], object)}

    def close(self):
        """Note that it was closed."""
        self.is_closed = True


@pytest.fixture
def model():
    """Return a model that adds up rows."""
    return Sums()


@pytest.fixture
def predictor(model, contract):
    """Return a function that gives a predictor of the model, with changed settings."""

    def make(**changes):
        settings = Settings.from_env({})._replace(**changes)
        return Predictor(model, contract, settings)

    return make


@pytest.fixture
def request_bytes():
    """Return a function that makes the bytes of a request."""

    def make(values, signature="rows", name="x"):
        return client.encode_request(signature, {name: np.array(values, np.float32)}, True)

    return make


@pytest.fixture
def make_call(request_bytes):
    """Return a function that makes calls, numbered from 1."""
    made = []

    def make(
        values=((1, 2),), seconds=60.0, payload=None, operation=operations.PREDICT.key, **details
    ):
        payload = request_bytes(values, **details) if payload is None else payload
        number = len(made) + 1
        made.append(number)
        deadline = time.monotonic() + seconds
        return CallFrame(number, operation, f"id-{number}", deadline, bytearray(payload))

    return make


@pytest.fixture
def outputs():
    """Return a function that gives the arrays of a reply, as lists."""

    def read(reply):
        arrays = client.decode_response(bytes(reply.payload))
        return {name: array.tolist() for name, array in arrays.items()}

    return read


@pytest.fixture
def contract():
    """Return the contract of the model that adds up rows."""
    return Contract("sums", (ROWS, ONE))
