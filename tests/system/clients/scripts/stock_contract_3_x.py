"""Writes the contract of the tests' model with hydrosdk 3.x, as its users' scripts do."""

import pathlib
import sys

from hydrosdk.signature import ProfilingType, SignatureBuilder

from hydro_serving_grpc.serving.contract.types_pb2 import DT_ANY

signature = (
    SignatureBuilder("infer")
    .with_input("x", "float32", [-1], ProfilingType.NUMERICAL)
    .with_input("count", "uint8", "scalar")
    .with_input("mode", str, "scalar", ProfilingType.TEXT)
    .with_input("anything", int, "scalar")
    .with_output("y", "float32", [-1])
    .with_output("total", "double", "scalar")
    .with_output("mode", "string", "scalar")
    .with_output("anything", int, "scalar")
    .build()
)
for fields in (signature.inputs, signature.outputs):  # the builder has no name for this type
    fields[-1].dtype = DT_ANY
    fields[-1].ClearField("shape")
pathlib.Path(sys.argv[1]).write_bytes(signature.SerializeToString())
