"""Writes the contract of the tests' model with a published hydro-serving-grpc, as its SDK did."""

import pathlib
import sys

from stock_calls import shape

from hydro_serving_grpc.contract.model_contract_pb2 import ModelContract
from hydro_serving_grpc.contract.model_field_pb2 import ModelField
from hydro_serving_grpc.contract.model_signature_pb2 import ModelSignature
from hydro_serving_grpc.tf.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING, DT_UINT8


def field(name, dtype, *sizes):
    """Return a field."""
    return ModelField(name=name, dtype=dtype, shape=shape(*sizes))


signature = ModelSignature(
    signature_name="infer",
    inputs=[field("x", DT_FLOAT, -1), field("count", DT_UINT8), field("mode", DT_STRING)],
    outputs=[field("y", DT_FLOAT, -1), field("total", DT_DOUBLE), field("mode", DT_STRING)],
)
has_one_signature = "predict" in ModelContract.DESCRIPTOR.fields_by_name  # 2.x
signatures = {"predict": signature} if has_one_signature else {"signatures": [signature]}
pathlib.Path(sys.argv[1]).write_bytes(
    ModelContract(model_name="m", **signatures).SerializeToString()
)
