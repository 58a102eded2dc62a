"""LitServe with its batching on: argv is MODEL FOLDER FRAMEWORK PORT."""

import os
import sys

import litserve
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models


class Served(litserve.LitAPI):
    """Answers `{"x": [[...]]}` with `{"y": [...]}`."""

    def setup(self, device):
        """Load the model in the worker."""
        self.answer = models.load(*sys.argv[1:4])

    def decode_request(self, request):
        """Turn JSON into an array."""
        return np.array(request[models.INPUT], np.float32)

    def predict(self, x):
        """Call the model."""
        return self.answer(x)

    def encode_response(self, output):
        """Turn the answer into JSON."""
        return {models.OUTPUT: np.asarray(output).tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Served(), accelerator="cpu", timeout=60)
    server.run(
        port=int(sys.argv[4]), host="127.0.0.1", log_level="error", generate_client_file=False
    )
