import json
import subprocess
import sys

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

import hydro_serving_grpc as hs
from experiments.benchmarks import protocols, wire
from experiments.benchmarks.cases import BY_NAME, CASES, RAW, TYPED, WrongAnswerError, check
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

# What is used of the peers' own schemas, with their numbers.
PEER_PROTOS = """\
syntax = "proto3";
package peers;
message Contents {
  repeated int32 int_contents = 2; repeated int64 int64_contents = 3;
  repeated float fp32_contents = 6; repeated double fp64_contents = 7;
}
message InferRequest {
  message Tensor { string name = 1; string datatype = 2; repeated int64 shape = 3; Contents contents = 5; }
  string model_name = 1; repeated Tensor inputs = 5; repeated bytes raw_input_contents = 7;
}
message InferResponse {
  message Tensor { string name = 1; string datatype = 2; repeated int64 shape = 3; Contents contents = 5; }
  string model_name = 1; string id = 3; repeated Tensor outputs = 5; repeated bytes raw_output_contents = 6;
}
message PredictionsRequest { string model_name = 1; map<string, bytes> input = 3; }
"""  # noqa: E501


@pytest.fixture(scope="module")
def peer_messages(tmp_path_factory):
    """Compile the peers' schemas; returns the class of a name."""
    folder = tmp_path_factory.mktemp("protos")
    (folder / "peers.proto").write_text(PEER_PROTOS)
    output = folder / "peers.binpb"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={folder}"]
    subprocess.run([*command, f"--descriptor_set_out={output}", "peers.proto"], check=True)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file:
        pool.Add(file)

    def message(name):
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"peers.{name}"))

    return message


def hydrosphere_request(case):
    """Make a PredictRequest with the message classes."""
    x = case.make()
    request = hs.PredictRequest()
    request.model_spec.signature_name = "predict"
    tensor = request.inputs["x"]
    tensor.dtype = hs.DT_FLOAT
    for size in x.shape:
        tensor.tensor_shape.dim.add(size=size)
    if case.encoding == RAW:
        tensor.tensor_content = x.tobytes()
    else:
        tensor.float_val.extend(x.ravel().tolist())
    return request


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_predict_request_is_what_the_classes_write(case):
    """The same bytes, field for field."""
    assert protocols.predict_request(case) == hydrosphere_request(case).SerializeToString()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_infer_request_is_what_the_classes_write(case, peer_messages):
    """The same bytes for the Open Inference Protocol, raw and typed."""
    x = case.make()
    request = peer_messages("InferRequest")(model_name=case.model)
    tensor = request.inputs.add(name="x", datatype="FP32", shape=x.shape)
    if case.encoding == RAW:
        request.raw_input_contents.append(x.tobytes())
    else:
        tensor.contents.fp32_contents.extend(x.ravel().tolist())
    assert protocols.infer_request(case) == request.SerializeToString()


def test_requests_of_bytes_are_what_the_classes_write(peer_messages):
    """TorchServe's and Ray Serve's."""
    case = BY_NAME["noop"]
    data = case.make().tobytes()
    request = peer_messages("PredictionsRequest")(model_name="noop", input={"x": data})
    assert PEERS["torchserve"].protocol.encode(case) == request.SerializeToString()
    value = wrappers_pb2.BytesValue(value=data)
    assert PEERS["ray-serve"].protocol.encode(case) == value.SerializeToString()
    assert PEERS["ray-serve"].protocol.decode(value.SerializeToString()).tobytes() == data


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_predict_response_both_ways(dtype, as_content):
    """What echoes answer is what the classes read, and what they write is read here."""
    y = np.array([[1, -2, 300]], dtype)
    ours = protocols.predict_response(y, as_content)
    parsed = hs.PredictResponse.FromString(ours)
    assert parsed.SerializeToString() == ours
    assert [dim.size for dim in parsed.outputs["y"].tensor_shape.dim] == [1, 3]
    assert protocols.read_predict_response(ours).tolist() == [1, -2, 300]


@pytest.mark.parametrize("datatype", list(protocols.INFERENCE_FIELDS))
def test_infer_response_is_read(datatype, peer_messages):
    """Raw contents and typed ones."""
    dtype, number = protocols.INFERENCE_FIELDS[datatype]
    response = peer_messages("InferResponse")(model_name="m", id="abc")
    tensor = response.outputs.add(name="predict", datatype=datatype, shape=[3])
    field = type(tensor.contents).DESCRIPTOR.fields_by_number[number]
    getattr(tensor.contents, field.name).extend([1, -2, 300])
    assert protocols.read_infer_response(response.SerializeToString()).tolist() == [1, -2, 300]
    tensor.ClearField("contents")
    response.raw_output_contents.append(np.array([1, -2, 300], dtype).tobytes())
    assert protocols.read_infer_response(response.SerializeToString()).tolist() == [1, -2, 300]


def test_json_both_ways():
    """Numbers travel as JSON, and what is no answer is refused."""
    case = BY_NAME["noop"]
    told = json.loads(protocols.json_inference(case))["inputs"][0]
    assert (told["shape"], told["data"]) == ([1, 4], [1.5, -2.0, 3.25, 4.0])
    assert json.loads(protocols.json_rows(case)) == {"x": [[1.5, -2.0, 3.25, 4.0]]}
    assert protocols.read_json_rows(b'{"y": [2]}').tolist() == [2]
    assert protocols.read_json_inference(b'{"outputs": [{"data": [2]}]}').tolist() == [2]
    with pytest.raises(ValueError, match='no "y" in the answer'):
        protocols.read_json_rows(b'{"error": "no"}')


@pytest.mark.parametrize("read", [protocols.read_predict_response, protocols.read_infer_response])
@pytest.mark.parametrize("reply", [b"", b"\x0a", b"\xff\xff", b"\x0b\x00"])
def test_what_is_no_answer_is_refused(read, reply):
    """Empty replies and garbage are no answers."""
    with pytest.raises(ValueError, match="no output|cut short|wire type"):
        read(reply)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_the_right_answer_passes(case):
    """Zeros, too few values and nothing at all are wrong, whatever shape the right ones have."""
    right = case.answer(case.make())
    check(case, np.asarray(right, np.float64).reshape(-1, 1))
    for wrong in (np.zeros_like(right), np.asarray(right).ravel()[:-1], np.array([])):
        with pytest.raises(WrongAnswerError, match=case.name):
            check(case, wrong)


def test_sizes_are_what_the_names_say():
    """A MiB is 2**20 bytes of float32, and both encodings carry them."""
    for case in CASES:
        if "mib" in case.name:
            size = int(case.name.partition("mib")[0]) * 2**20
            assert case.make().nbytes == size
            assert case.encoding in (RAW, TYPED)
            assert size < len(protocols.predict_request(case)) < size + 100


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**63 - 1, -1])
def test_varints(number):
    """Written and read again, negative ones too."""
    assert wire.integers_in(wire.varint(number)) == [number]
