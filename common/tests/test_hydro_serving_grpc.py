"""The published package's names, bytes and company, kept by a package that loads everywhere.

The hexadecimal strings were written by the published packages `hydro-serving-grpc` and
`tensorflow-serving-api` themselves, in the versions named beside them.
"""

import ast
import gc
import importlib
import os
import subprocess
import sys
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import POOL, enum_type, message_class

PACKAGE = Path(hs.__file__).parent

SEEDS_MODULES = [
    "contract.model_contract",
    "contract.model_field",
    "contract.model_signature",
    "tf.api.model",
    "tf.api.predict",
    "tf.api.prediction_service",
    "tf.tensor",
    "tf.tensor_shape",
    "tf.types",
]
ALL_MODULES = [
    *SEEDS_MODULES,
    "contract.data_profile_types",
    "tf.api.classification",
    "tf.api.get_model_metadata",
    "tf.api.inference",
    "tf.api.input",
    "tf.api.regression",
    "tf.example",
    "tf.meta_graph",
    "serving.contract.field",
    "serving.contract.signature",
    "serving.contract.tensor",
    "serving.contract.types",
    "serving.runtime.api",
]

CONTRACT_0_1_10 = (
    "0a016312380a05696e66657212180a01781211120b08ffffffffffffffffff011202080420021a070a01791200"
    "20091a0c0a016d1a070a050a01732007120e0a0374776f12070a017912002009"
)
CONTRACT_2_4_0 = (
    "0a0163123a0a05696e666572121a0a01781211120b08ffffffffffffffffff0112020804200250021a070a0179"
    "120020091a0c0a016d1a070a050a01732007"
)
CONTRACT_3_0_3 = (
    "0a05696e66657212160a0178120d0a0bffffffffffffffffff0104200228021a070a0179120020091a0c0a016d"
    "1a070a050a01732007"
)
CONTRACT_0_0_5 = (
    "0a016312680a05696e666572121a0a01781a1510021a11120b08ffffffffffffffffff011202080412150a016d"
    "12100a0e0a017312090a01731a0410071a0012210a0164121c0a1a0a016d12150a016d12100a0e0a017312090a"
    "01731a0410071a001a090a01791a0410091a00"
)
CONTRACT_0_0_11 = (
    "0a016312590a05696e666572121a0a01781a1510021a11120b08ffffffffffffffffff011202080412100a016d"
    "120b0a090a01731a0410071a0012170a016412120a100a016d120b0a090a01731a0410071a001a090a01791a04"
    "10091a00"
)
# No package wrote it; it is the contract of a model of that time, cut to one input.
CONTRACT_EARLIEST = "0a0b74665f73756d6d61746f72120e0a0361646412070a016110061a00"
REQUEST_0_1_10_TO_2_4_0 = (
    "0a0e0a0163120208031a05696e66657212260a016d1221081bda011c0a0c0a01731207080742036100620a0c0a"
    "017512070804820102c80112170a01721212080112041202080222080000803f0000004012230a0178121e0802"
    "120812020801120208023210000000000000f03f0000000000000040"
)
RESPONSE_0_1_10_TO_2_4_0 = "0a0c0a0179120708091200520107"
EVERY_TENSOR_FIELD_0_1_10_TO_2_4_0 = (
    "081312091205080112016e180118012a040000803f3208000000000000f03f3a0affffffffffffffffff014a08"
    "0000803f00000040520affffffffffffffffff015a01016210000000000000f03f00000000000000406a01017a"
    "080a017412016d1a00820101018a010101"
)
STATUS_2_1_0 = "080112026f6b"
REQUEST_3_0_3 = "0a1f0a0178121a080212040a0201023210000000000000f03f0000000000000040"
RESPONSE_3_0_3 = "0a0c0a0179120708091200520107"
REQUEST_TENSORFLOW_SERVING_2_15_1 = (
    "0a0e0a0163120208031a05696e666572121b0a0178121608011208120208011202080222080000803f00000040"
    "1a0179"
)
RESPONSE_TENSORFLOW_SERVING_2_15_1 = "0a0c0a017912070809120052010712030a0163"

PUBLISHED = [
    ("hydrosphere.contract.ModelContract", CONTRACT_0_1_10),
    ("hydrosphere.contract.ModelContract", CONTRACT_2_4_0),
    ("hydrosphere.serving.contract.ModelSignature", CONTRACT_3_0_3),
    ("hydrosphere.legacy.v0_0_5.ModelContract", CONTRACT_0_0_5),
    ("hydrosphere.legacy.v0_0_11.ModelContract", CONTRACT_0_0_11),
    ("hydrosphere.legacy.earliest.ModelContract", CONTRACT_EARLIEST),
    ("hydrosphere.tensorflow.serving.PredictRequest", REQUEST_0_1_10_TO_2_4_0),
    ("hydrosphere.tensorflow.serving.PredictRequest", REQUEST_TENSORFLOW_SERVING_2_15_1),
    ("hydrosphere.tensorflow.serving.PredictResponse", RESPONSE_0_1_10_TO_2_4_0),
    ("hydrosphere.tensorflow.serving.PredictResponse", RESPONSE_TENSORFLOW_SERVING_2_15_1),
    ("hydrosphere.tensorflow.TensorProto", EVERY_TENSOR_FIELD_0_1_10_TO_2_4_0),
    ("tensorflow.serving.StatusResponse", STATUS_2_1_0),
    ("hydrosphere.serving.runtime.PredictRequest", REQUEST_3_0_3),
    ("hydrosphere.serving.runtime.PredictResponse", RESPONSE_3_0_3),
]


def run_python(code, **environment):
    """Run code in a process of its own with this checkout's package; fail if it fails."""
    variables = dict(os.environ, PYTHONPATH=str(PACKAGE.parent), **environment)
    subprocess.run([sys.executable, "-c", code], env=variables, check=True)


@pytest.mark.parametrize("name", ALL_MODULES)
def test_module_and_its_grpc_twin_import(name):
    """Every module that the seeds print can be imported, and knows its descriptor."""
    module = importlib.import_module(f"hydro_serving_grpc.{name}_pb2")
    importlib.import_module(f"hydro_serving_grpc.{name}_pb2_grpc")
    assert module.DESCRIPTOR.name == "hydro_serving_grpc/{}.proto".format(name.replace(".", "/"))


@pytest.mark.parametrize("name", ALL_MODULES)
def test_stub_names_what_the_module_has(name):
    """What an editor sees of a module is what the module hands out."""
    module = importlib.import_module(f"hydro_serving_grpc.{name}_pb2")
    stub = ast.parse(Path(module.__file__).with_suffix(".pyi").read_text())
    promised = {node.name for node in stub.body if isinstance(node, ast.ClassDef)}
    promised |= {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}
    assert {key for key in vars(module) if not key.startswith("_")} == promised


def test_star_import_brings_the_types():
    """`from hydro_serving_grpc.tf.types_pb2 import *`, as the seeds' service does it."""
    names = {}
    exec("from hydro_serving_grpc.tf.types_pb2 import *", names)
    assert (names["DT_INT8"], names["DT_MAP"]) == (6, 27)


def test_flat_names_of_every_generation():
    """What user code of 0.1 to 2.4 takes from the package itself is there."""
    known = [
        "DataType",
        "DT_INT8",
        "DT_STRING",
        "MapTensorData",
        "ModelContract",
        "ModelField",
        "ModelSignature",
        "ModelSpec",
        "PredictRequest",
        "PredictResponse",
        "PredictionServiceServicer",
        "PredictionServiceStub",
        "StatusResponse",
        "TensorProto",
        "TensorShapeProto",
        "VariantTensorDataProto",
        "add_PredictionServiceServicer_to_server",
    ]
    assert [name for name in known if not hasattr(hs, name)] == []
    assert hs.contract.ModelContract is hs.ModelContract
    assert hs.contract.NUMERICAL == 2
    assert hs.tf.TensorProto is hs.TensorProto
    assert hs.tf.api.PredictRequest is hs.PredictRequest


def test_enums_act_like_generated_ones():
    """An enum translates both ways and lists itself."""
    assert hs.DataType.Name(hs.DT_MAP) == "DT_MAP"
    assert hs.DataType.Value("DT_INT64") == hs.DT_INT64 == 9
    assert dict(hs.DataType.items())["DT_ANY"] == 24
    assert hs.StatusResponse.SERVING == hs.StatusResponse.ServiceStatus.Value("SERVING") == 1
    assert enum_type("hydrosphere.serving.contract.DataType").Name(24) == "DT_ANY"


def test_classes_say_where_they_come_from():
    """A message's class names the module that user code imports it from."""
    assert hs.PredictResponse.__module__ == "hydro_serving_grpc.tf.api.predict_pb2"
    assert hs.TensorShapeProto.Dim(size=3).size == 3


def test_messages_survive_a_round_trip():
    """Nested maps come back as they were sent."""
    request = hs.PredictRequest(model_spec=hs.ModelSpec(signature_name="infer"))
    request.model_spec.version.value = 3
    tensor = request.inputs["m"]
    tensor.CopyFrom(hs.TensorProto(dtype=hs.DT_MAP, tensor_shape=hs.TensorShapeProto()))
    tensor.map_val.add().subtensors["x"].float_val.extend([1, 2])
    again = hs.PredictRequest.FromString(request.SerializeToString())
    assert again == request
    assert list(again.inputs["m"].map_val[0].subtensors["x"].float_val) == [1, 2]


@pytest.mark.parametrize(("name", "published"), PUBLISHED)
def test_published_bytes_are_understood_and_repeated(name, published):
    """What a published package wrote has no field unknown to ours, which writes the same."""
    message = message_class(name).FromString(bytes.fromhex(published))
    message.DiscardUnknownFields()
    assert message.SerializeToString(deterministic=True).hex() == published


def test_contract_of_2_x_reads_as_a_list_of_one():
    """2.x calls the field `predict` and has one; the wire knows no difference."""
    contract = hs.ModelContract.FromString(bytes.fromhex(CONTRACT_2_4_0))
    (signature,) = contract.signatures
    assert (signature.signature_name, signature.inputs[0].profile) == ("infer", 2)
    assert [dim.size for dim in signature.inputs[0].shape.dim] == [-1, 4]
    assert signature.outputs[1].subfields.data[0].dtype == hs.DT_STRING


@pytest.mark.parametrize(
    ("version", "published", "maps"),
    [("v0_0_5", CONTRACT_0_0_5, "dict"), ("v0_0_11", CONTRACT_0_0_11, "subfields")],
)
def test_oldest_published_contracts_keep_type_and_shape_apart(version, published, maps):
    """0.0.x wraps type and shape in a message, and changed how it nests."""
    contract_class = message_class(f"hydrosphere.legacy.{version}.ModelContract")
    (signature,) = contract_class.FromString(bytes.fromhex(published)).signatures
    leaf, nested, _ = signature.inputs
    assert (leaf.name, leaf.info.dtype) == ("x", hs.DT_DOUBLE)
    assert [dim.size for dim in leaf.info.shape.dim] == [-1, 4]
    data = getattr(nested, maps).data
    inner = data["s"] if maps == "dict" else data[0]
    assert (inner.name, inner.info.dtype) == ("s", hs.DT_STRING)


def test_earliest_contract_has_its_type_at_two():
    """The form before any published package reads as what the model takes."""
    contract_class = message_class("hydrosphere.legacy.earliest.ModelContract")
    contract = contract_class.FromString(bytes.fromhex(CONTRACT_EARLIEST))
    (field,) = contract.signatures[0].inputs
    assert (field.name, field.dtype, list(field.shape.dim)) == ("a", hs.DT_INT8, [])


def test_reply_of_tensorflow_serving_is_a_reply_with_a_model_spec():
    """Without that field it is what Hydrosphere's packages write."""
    published = bytes.fromhex(RESPONSE_TENSORFLOW_SERVING_2_15_1)
    response = hs.PredictResponse.FromString(published)
    assert response.model_spec == hs.ModelSpec(name="c")
    response.ClearField("model_spec")
    assert response.SerializeToString().hex() == RESPONSE_0_1_10_TO_2_4_0


def test_request_filters_outputs_as_tensorflow_serving_does():
    """`output_filter` has TensorFlow Serving's number."""
    request = hs.PredictRequest.FromString(bytes.fromhex(REQUEST_TENSORFLOW_SERVING_2_15_1))
    assert list(request.output_filter) == ["y"]


@pytest.mark.parametrize(
    "service",
    [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "hydrosphere.serving.runtime.PredictionService",
        "inference.GRPCInferenceService",
        "tensorflow.serving.ModelService",
        "tensorflow.serving.PredictionService",
    ],
)
def test_pool_describes_every_service(service):
    """Reflection finds each service with the classes of its messages."""
    for method in POOL.FindServiceByName(service).methods:
        assert message_class(method.input_type.full_name)().SerializeToString() == b""
        assert message_class(method.output_type.full_name)().SerializeToString() == b""


def test_unknown_message_is_a_key_error():
    """A misspelt name fails where it is written."""
    with pytest.raises(KeyError, match=r"grpc\.health\.v1\.Nothing"):
        message_class("grpc.health.v1.Nothing")


class Echo(hs.PredictionServiceServicer):
    """A service that answers with what it was given and leaves Status alone."""

    def Predict(self, request, context):  # noqa: N802 – the proto's name
        """Return the inputs as outputs."""
        return hs.PredictResponse(outputs=dict(request.inputs))


@pytest.fixture
def stub():
    """Yield a client of the echo service."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    hs.add_PredictionServiceServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield hs.PredictionServiceStub(channel)
    server.stop(None).wait()


def test_stub_and_servicer_meet(stub):
    """A servicer written as the seeds do it answers the stub."""
    request = hs.PredictRequest()
    request.inputs["x"].int64_val.append(7)
    response = stub.Predict(request, timeout=10)
    assert list(response.outputs["x"].int64_val) == [7]


def test_stub_and_servicer_of_3_x_meet():
    """What code of 3.x imports calls and answers; what a servicer leaves out is UNIMPLEMENTED."""
    from hydro_serving_grpc.serving.runtime import api_pb2, api_pb2_grpc

    class Refusing(api_pb2_grpc.PredictionServiceServicer):
        """One that answers only what has inputs."""

        def Predict(self, request, context):  # noqa: N802 – the proto's name
            """Return the inputs as outputs."""
            if not request.inputs:
                return super().Predict(request, context)
            return api_pb2.PredictResponse(outputs=dict(request.inputs))

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    api_pb2_grpc.add_PredictionServiceServicer_to_server(Refusing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    request = api_pb2.PredictRequest()
    request.inputs["x"].tensor_shape.dims.append(7)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = api_pb2_grpc.PredictionServiceStub(channel)
        assert stub.Predict(request, timeout=10).outputs == request.inputs
        with pytest.raises(grpc.RpcError) as refusal:
            stub.Predict(api_pb2.PredictRequest(), timeout=10)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    server.stop(None).wait()


def test_stub_takes_googles_own_empty(stub):
    """`Status(Empty())` works with protobuf's class, and is refused if not implemented."""
    with pytest.raises(grpc.RpcError) as refusal:
        stub.Status(empty_pb2.Empty(), timeout=10)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_package_does_not_import_grpc():
    """A worker process that loads the user's code stays free of grpc."""
    run_python("import hydro_serving_grpc, sys; assert 'grpc' not in sys.modules")


def test_classes_outlive_garbage_collections():
    """Protobuf 4.22 to 4.24 crashed here if a nested class had been collected."""
    run_python(
        "import gc\n"
        "import hydro_serving_grpc as hs\n"
        "for _ in range(30):\n"
        "    gc.collect()\n"
        "    response = hs.PredictResponse()\n"
        "    tensor = response.outputs['x'].map_val.add().subtensors['y']\n"
        "    tensor.tensor_shape.dim.add(size=2)\n"
        "    tensor.variant_val.add().tensors.add()\n"
        "    assert hs.PredictResponse.FromString(response.SerializeToString()) == response\n"
    )
    assert gc.collect() >= 0


def test_pure_python_protobuf_serves_as_well():
    """Without its extension module protobuf gives the same classes and bytes."""
    run_python(
        "import hydro_serving_grpc as hs\n"
        "shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=2)])\n"
        "tensor = hs.TensorProto(dtype=hs.DT_FLOAT, tensor_shape=shape, float_val=[1, 2])\n"
        "assert hs.TensorProto.FromString(tensor.SerializeToString()) == tensor\n",
        PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python",
    )


RIVAL = """
from google.protobuf import descriptor_pb2, descriptor_pool

def add(name, package, message, service=None):
    file = descriptor_pb2.FileDescriptorProto(name=name, package=package)
    file.message_type.add(name=message)
    if service:
        method = file.service.add(name=service).method.add(name="Predict")
        method.input_type = method.output_type = "." + package + "." + message
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())

def define_rivals():
    add("tensorflow_serving/apis/prediction_service.proto", "tensorflow.serving",
        "StatusResponse", "PredictionService")
    add("hydro_serving_grpc/tf/tensor.proto", "hydrosphere.tensorflow", "TensorProto")

def use_ours():
    import hydro_serving_grpc as hs
    from hydro_serving_grpc.messages import POOL
    assert hs.TensorProto.FromString(hs.TensorProto(int_val=[1]).SerializeToString()).int_val
    methods = POOL.FindServiceByName("tensorflow.serving.PredictionService").methods
    assert [method.name for method in methods] == [
        *("Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata", "Status")
    ]
"""


@pytest.mark.parametrize("order", ["define_rivals(); use_ours()", "use_ours(); define_rivals()"])
def test_same_symbols_of_others_do_no_harm(order):
    """TensorFlow Serving's stubs or a published package may be loaded, before or after."""
    run_python(RIVAL + order)
