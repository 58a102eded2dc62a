"""KServe's server with a model of its own: argv is MODEL FOLDER FRAMEWORK GRPC_PORT HTTP_PORT.

KServe reads flags of its own that follow, such as the largest message.
"""

import os
import sys

import numpy as np
from kserve import InferOutput, InferResponse, Model, ModelServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models

DATATYPES = {"float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64"}


class Served(Model):
    """Answers with one of the benchmark's models."""

    def __init__(self, name, folder, framework):
        super().__init__(name)
        self.folder, self.framework = folder, framework

    def load(self):
        """Load the model; returns whether it can be used."""
        self.answer = models.load(self.name, self.folder, self.framework)
        self.ready = True
        return True

    def predict(self, payload, headers=None, response_headers=None):
        """Answer an Open Inference request, as KServe's own servers do."""
        y = np.asarray(self.answer(payload.inputs[0].as_numpy()))
        output = InferOutput(models.OUTPUT, list(y.shape), DATATYPES[y.dtype.name])
        output.set_data_from_numpy(y, binary_data=payload.from_grpc)
        return InferResponse(payload.id, self.name, [output])


if __name__ == "__main__":
    name, folder, framework, grpc_port, http_port = sys.argv[1:6]
    served = Served(name, folder, framework)
    served.load()
    ModelServer(
        http_port=int(http_port),
        grpc_port=int(grpc_port),
        enable_grpc=True,
        access_log_format="",
    ).start([served])
