"""TorchServe's handler: float32 bytes in, float32 bytes out; the model comes by environment."""

import os
import sys

import numpy as np

sys.path.insert(0, os.environ["BENCH_SERVERS"])

import models
from ts.torch_handler.base_handler import BaseHandler


class Served(BaseHandler):
    """Answers each request of a batch with the bytes of its output."""

    def initialize(self, context):
        """Load the model in the worker."""
        told = os.environ
        self.answer = models.load(
            told["BENCH_MODEL"], told["BENCH_FOLDER"], told["BENCH_FRAMEWORK"]
        )
        self.initialized = True

    def handle(self, data, context):
        """Answer the rows of all requests that wait together."""
        rows = [np.frombuffer(_bytes(it.get("x", it.get("body"))), np.float32) for it in data]
        answers = np.asarray(self.answer(np.stack(rows)), np.float32)
        return [row.tobytes() for row in answers]


def _bytes(value):
    return bytes(value)
