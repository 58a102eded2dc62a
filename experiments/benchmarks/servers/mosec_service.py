"""mosec's service with its batching on; the environment says which model, mosec reads argv."""

import os
import sys

import mosec
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models

MAX_BATCH = 64


class Served(mosec.Worker):
    """Answers `{"x": [[...]]}` with `{"y": [...]}`."""

    def __init__(self):
        told = os.environ
        self.answer = models.load(
            told["BENCH_MODEL"], told["BENCH_FOLDER"], told["BENCH_FRAMEWORK"]
        )

    def forward(self, data):
        """Call the model with the rows of all requests, of one row each."""
        x = np.array([request[models.INPUT][0] for request in data], np.float32)
        return [{models.OUTPUT: y} for y in np.asarray(self.answer(x))[:, None].tolist()]


if __name__ == "__main__":
    server = mosec.Server()
    server.append_worker(Served, max_batch_size=MAX_BATCH)
    server.run()
