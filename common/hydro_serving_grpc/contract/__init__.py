"""The contract's messages under the flat names of 2.x: `hs.contract.ModelContract`."""

# ruff: noqa: F403 – the names are those of the published package, whatever the protos define

from hydro_serving_grpc.contract.data_profile_types_pb2 import *
from hydro_serving_grpc.contract.model_contract_pb2 import *
from hydro_serving_grpc.contract.model_field_pb2 import *
from hydro_serving_grpc.contract.model_signature_pb2 import *
