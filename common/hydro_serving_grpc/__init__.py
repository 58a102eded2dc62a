"""Hydrosphere's messages under the names that user code knows: `import hydro_serving_grpc as hs`.

The flat names are those of the published packages 0.1 to 2.4. Importing this never
imports grpc: worker processes load it for the user's code and have no use for grpc,
and Python 3.6 has no lazy module attributes, so the stub's module imports it inside
the functions that need it.
"""

# ruff: noqa: F403 – the names are those of the published package, whatever the protos define

from hydro_serving_grpc.contract.model_contract_pb2 import *
from hydro_serving_grpc.contract.model_field_pb2 import *
from hydro_serving_grpc.contract.model_signature_pb2 import *
from hydro_serving_grpc.tf.api.model_pb2 import *
from hydro_serving_grpc.tf.api.predict_pb2 import *
from hydro_serving_grpc.tf.api.prediction_service_pb2 import *
from hydro_serving_grpc.tf.api.prediction_service_pb2_grpc import *
from hydro_serving_grpc.tf.tensor_pb2 import *
from hydro_serving_grpc.tf.tensor_shape_pb2 import *
from hydro_serving_grpc.tf.types_pb2 import *
