"""Calls the first model of the Python runtime's README with a published hydro-serving-grpc."""

from stock_calls import run, shape

from hydro_serving_grpc.tf.api.model_pb2 import ModelSpec
from hydro_serving_grpc.tf.api.predict_pb2 import PredictRequest, PredictResponse
from hydro_serving_grpc.tf.tensor_pb2 import TensorProto
from hydro_serving_grpc.tf.types_pb2 import DT_DOUBLE


def calls(stub, channel):
    """Send two rows of four; say what came and whether it is the message expected."""
    x = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape(2, 4), double_val=[1, 2, 3, 4, 10, 0, 0, 0])
    spec = ModelSpec(signature_name="infer")
    reply = stub.Predict(PredictRequest(model_spec=spec, inputs={"x": x}), timeout=10)
    values = list(reply.outputs["y"].double_val)
    y = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape(2), double_val=values)
    return {"y": values, "as expected": reply == PredictResponse(outputs={"y": y})}


run(calls)
