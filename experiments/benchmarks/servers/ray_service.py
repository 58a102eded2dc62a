"""Ray Serve over gRPC and HTTP: argv is MODEL FOLDER FRAMEWORK GRPC_PORT HTTP_PORT.

Ray takes the functions that register a service by name, and messages that it can pickle: a
message of protobuf's own, BytesValue, carries the input's bytes.
"""

import os
import sys
import time

import grpc
import numpy as np
from google.protobuf import wrappers_pb2
from ray import serve
from ray.serve.config import gRPCOptions

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import models

MAX_ONGOING = 128


def add_to_server(servicer, server):
    """Register the method that the benchmark calls."""
    answer = grpc.unary_unary_rpc_method_handler(
        servicer.Predict,
        wrappers_pb2.BytesValue.FromString,
        wrappers_pb2.BytesValue.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("benchmark.Service", {"Predict": answer}),)
    )


@serve.deployment(max_ongoing_requests=MAX_ONGOING)
class Served:
    """Answers float32 bytes with the bytes of the answer, and JSON with JSON."""

    def __init__(self, name, folder, framework):
        self.answer = models.load(name, folder, framework)

    def Predict(self, request):
        """Answer one row; numbers go back as float32, whatever they are."""
        y = self.answer(np.frombuffer(request.value, np.float32)[None])
        return wrappers_pb2.BytesValue(value=np.asarray(y, np.float32).tobytes())

    async def __call__(self, request):
        """Answer `{"x": [[...]]}` over HTTP with `{"y": [...]}`."""
        x = (await request.json())[models.INPUT]
        return {models.OUTPUT: np.asarray(self.answer(np.array(x, np.float32))).tolist()}


def main(name, folder, framework, grpc_port, http_port):
    """Serve until the process is ended."""
    import ray

    path = os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")])
    ray.init(include_dashboard=False, log_to_driver=False,
             runtime_env={"env_vars": {"PYTHONPATH": path}})  # fmt: skip
    functions = ["ray_service.add_to_server"]
    serve.start(
        http_options={"host": "127.0.0.1", "port": http_port},
        grpc_options=gRPCOptions(port=grpc_port, grpc_servicer_functions=functions),
    )
    serve.run(Served.bind(name, folder, framework))
    while True:
        time.sleep(60 * 60 * 24)


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:6]))
