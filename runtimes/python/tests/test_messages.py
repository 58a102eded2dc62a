"""The messages style: TensorProto in, PredictResponse out, as in Hydrosphere's own runtime."""

from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from hydro_serving_grpc.messages import POOL
from serving_runtime.errors import BrokenResult
from serving_runtime.signature import Field, Signature

ECHO = """
    import hydro_serving_grpc as hs
    seen = []
    def infer(x):
        seen.append(x)
        assert isinstance(x, hs.TensorProto)
        return hs.PredictResponse(outputs={"y": x})
"""
X = {"x": np.array([1.5, 2.5])}


def _echo(dtype, shape=(-1,), subfields=()):
    return Signature(
        "infer", (Field("x", dtype, shape, subfields),), (Field("y", dtype, shape, subfields),)
    )


@pytest.fixture
def seen(load):
    """Send an array through an echo; return the message that it saw and the array it gave."""

    def send(array, declared):
        model = load(ECHO, declared)
        output = model.predict("infer", {"x": array})["y"]
        return model._user.module.seen[0], output

    return send


@pytest.mark.parametrize(
    ("dtype", "array", "field"),
    [
        ("float64", np.array([[1.5, 2.5]]), "double_val"),
        ("float32", np.array([1.5], np.float32), "float_val"),
        ("int32", np.array([-1], np.int32), "int_val"),
        ("uint8", np.array([255], np.uint8), "int_val"),
        ("int64", np.array([2**60], np.int64), "int64_val"),
        ("uint32", np.array([2**31], np.uint32), "uint32_val"),
        ("bool", np.array([True, False]), "bool_val"),
        ("complex64", np.array([1 + 2j], np.complex64), "scomplex_val"),
        ("float16", np.array([1.5], np.float16), "half_val"),
        ("bfloat16", np.array([1.5], np.float32), "half_val"),
        ("qint8", np.array([-3], np.int8), "int_val"),
        ("any", np.array([1.5]), "double_val"),
    ],
)
def test_every_dtype_goes_there_and_back_in_typed_fields(seen, dtype, array, field):
    """Values are in the typed fields, never in tensor_content, with the declared dtype."""
    message, output = seen(array, _echo(dtype, None))
    assert {it.name for it, _ in message.ListFields()} == {"dtype", "tensor_shape", field}
    assert [dim.size for dim in message.tensor_shape.dim] == list(array.shape)
    assert output.dtype == array.dtype
    assert output.tolist() == array.tolist()


def test_strings_are_bytes_of_any_content(seen, load):
    """Strings of a model of messages are never decoded, so images may be among them."""
    data = np.empty(2, dtype=object)
    data[:] = [b"\xff\x00", "é"]
    message, output = seen(data, _echo("string"))
    assert list(message.string_val) == [b"\xff\x00", "é".encode()]
    assert output.tolist() == [b"\xff\x00", "é".encode()]
    assert load(ECHO, _echo("string")).string_type is bytes


def test_a_scalar_has_an_empty_shape(seen):
    """A scalar's shape is present and has no dimensions."""
    message, output = seen(np.array(4.0), _echo("float64", ()))
    assert message.HasField("tensor_shape")
    assert not message.tensor_shape.dim
    assert output.shape == ()


def test_maps_are_messages_of_messages(seen):
    """A map field is a TensorProto of DT_MAP, with the dtypes of its subfields."""
    declared = _echo("map", None, (Field("a", "bfloat16", None),))
    array = {"a": np.array([1.5], np.float32), "b": np.array([2])}
    message, output = seen(array, declared)
    assert message.map_val[0].subtensors["a"].half_val
    assert {name: part.tolist() for name, part in output.items()} == {"a": [1.5], "b": [2]}


@pytest.mark.parametrize("shape", [(-1,), None])
def test_several_maps_are_one_message(seen, shape):
    """Each is an entry of its own, and so they come back."""
    declared = _echo("map", shape, (Field("a", "bfloat16", None),))
    array = np.empty(2, object)
    array[:] = [{"a": np.array([1.5], np.float32)}, {"a": np.array([2], np.float32)}]
    message, output = seen(array, declared)
    assert [item.subtensors["a"].half_val[0] for item in message.map_val] == [0x3FC0, 0x4000]
    assert [item["a"].tolist() for item in output] == [[1.5], [2]]


@pytest.mark.parametrize(
    ("value", "shown"), [("3", "3"), ("{'y': 1}", "{'y': 1}"), ("None", "None"), ("'text'", "text")]
)
def test_a_result_of_another_type_is_told_in_hydrosphere_s_words(load, value, shown):
    """Clients of Hydrosphere compare this message; a dict of arrays is no response either."""
    model = load(f"def infer(x): return {value}", style="messages")
    with pytest.raises(BrokenResult) as caught:
        model.predict("infer", X)
    assert str(caught.value) == f"Type of a result ({shown}) is not `PredictResponse`"


def test_an_output_of_any_encoding_is_read(load):
    """Raw bytes, repeated values and -1 among the dims are understood."""
    code = """
        import hydro_serving_grpc as hs
        def infer(x):
            shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=3)])
            free = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=-1)])
            raw = hs.TensorProto(dtype=hs.DT_INT8, tensor_content=b"\\x01\\x02", tensor_shape=free)
            same = hs.TensorProto(dtype=hs.DT_INT8, int_val=[7], tensor_shape=shape)
            return hs.PredictResponse(outputs={"raw": raw, "same": same})
    """
    outputs = load(code).predict("infer", X)
    assert outputs["raw"].tolist() == [1, 2]
    assert outputs["same"].tolist() == [7, 7, 7]


@pytest.mark.parametrize(
    ("size", "values", "told"),
    [
        (3, "[1, 2, 3, 4]", 'output "y": 4 values for 3 elements of shape'),
        (2**40, "[1]", 'output "y" repeats a value beyond 2 GiB'),
    ],
)
def test_an_output_that_contradicts_itself_is_named(load, size, values, told):
    """What would be INVALID_ARGUMENT in a request is the model's fault in a result."""
    code = f"""
        import hydro_serving_grpc as hs
        def infer(x):
            shape = hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size={size})])
            y = hs.TensorProto(dtype=hs.DT_INT8, int_val={values}, tensor_shape=shape)
            return hs.PredictResponse(outputs={{"y": y}})
    """
    with pytest.raises(BrokenResult) as caught:
        load(code).predict("infer", X)
    assert told in str(caught.value)


def test_a_response_of_another_pool_is_read(load):
    """TensorFlow Serving's PredictResponse has the same fields and another class."""
    foreign = _foreign_class("hydrosphere.tensorflow.serving.PredictResponse")
    response = foreign()
    response.outputs["y"].dtype = 2
    response.outputs["y"].double_val.append(2.5)
    model = load("result = None\ndef infer(x): return result", style="messages")
    model._user.module.result = response
    assert model.predict("infer", X)["y"].tolist() == 2.5


def _foreign_class(full_name):
    """Make a class like ours in a pool of its own."""
    pool = descriptor_pool.DescriptorPool()
    todo = [POOL.FindFileContainingSymbol(full_name)]
    files: list = []
    while todo:
        file = todo.pop()
        files.insert(0, file)
        todo.extend(file.dependencies)
    for file in files:
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        pool.AddSerializedFile(proto.SerializeToString())
    factory: Any = message_factory  # protobuf 4.22 renamed what makes a class
    modern = hasattr(factory, "GetMessageClass")
    make = factory.GetMessageClass if modern else factory.MessageFactory(pool).GetPrototype
    return make(pool.FindMessageTypeByName(full_name))


CODE_OF_3_X = """
    from hydro_serving_grpc.serving.contract.tensor_pb2 import MapTensorData, Tensor, TensorShape
    from hydro_serving_grpc.serving.contract.types_pb2 import DT_DOUBLE, DT_MAP
    from hydro_serving_grpc.serving.runtime import api_pb2
    def infer(x):
        y = Tensor(dtype=DT_DOUBLE, double_val=[1, 2], tensor_shape=TensorShape(dims=[2, 1]))
        raw = Tensor(dtype=DT_DOUBLE, binary_val=bytes(8))
        m = Tensor(dtype=DT_MAP, map_val=[MapTensorData(subtensors={{"k": y}})])
        return {}(outputs={{"y": y, "raw": raw, "m": m}}){}
"""


@pytest.mark.parametrize(
    ("respond", "rest", "style"),
    [("dict", '["outputs"]', "auto"), ("api_pb2.PredictResponse", "", "messages")],
)
def test_tensors_of_3_x_are_read_with_their_shapes(load, respond, rest, style):
    """Functions of Hydrosphere 3.x take arrays, and may return a Tensor for each output."""
    outputs = load(CODE_OF_3_X.format(respond, rest), style=style).predict("infer", X)
    assert outputs["y"].tolist() == [[1], [2]]
    assert outputs["raw"].shape == ()
    assert outputs["m"]["k"].tolist() == [[1], [2]]


def test_a_broken_tensor_of_3_x_is_the_model_s_fault(load):
    """In the words of its own fields."""
    code = """
        from hydro_serving_grpc.serving.contract.tensor_pb2 import Tensor
        def infer(x):
            return {"y": Tensor(dtype=1, binary_val=bytes(3))}
    """
    with pytest.raises(BrokenResult, match='output "y": binary_val of 3 bytes is no multiple'):
        load(code).predict("infer", X)
