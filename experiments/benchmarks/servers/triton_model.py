"""Triton in process, by PyTriton: argv is MODEL FOLDER FRAMEWORK GRPC_PORT HTTP_PORT."""

import os
import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models

LARGEST_BATCH = 64
OUTPUT_DTYPES = {"iris": np.int64}


def serve(name, folder, framework, grpc_port, http_port):
    """Serve until the process is ended."""
    answer = models.load(name, folder, framework)

    @batch
    def infer(x):
        # An output has a second axis here, though a label needs none.
        return {models.OUTPUT: np.asarray(answer(x)).reshape(len(x), -1)}

    output_dtype = OUTPUT_DTYPES.get(name, np.float32)
    config = TritonConfig(
        grpc_port=grpc_port, http_port=http_port, allow_metrics=False, log_verbose=0,
        grpc_address="127.0.0.1", http_address="127.0.0.1",
    )  # fmt: skip
    with Triton(config=config) as triton:
        triton.bind(
            model_name=name,
            infer_func=infer,
            inputs=[Tensor(name=models.INPUT, dtype=np.float32, shape=(-1,))],
            outputs=[Tensor(name=models.OUTPUT, dtype=output_dtype, shape=(-1,))],
            config=ModelConfig(max_batch_size=LARGEST_BATCH, batcher=DynamicBatcher()),
        )
        triton.serve()


if __name__ == "__main__":
    serve(*sys.argv[1:4], *map(int, sys.argv[4:6]))
