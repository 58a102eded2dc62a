"""Asks a model what it is, and who answered, with TensorFlow Serving's stubs."""

import json
import sys

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

v1 = tf.compat.v1
DEFAULT = v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
NOT_TENSORFLOW_S = ("identity_any", "identity_map")


def signature_def(inputs, outputs):
    """Return what TensorFlow itself writes of a signature of tensors by name: dtype and shape."""
    infos = [
        {name: tensor_info(name, *form) for name, form in tensors.items()}
        for tensors in (inputs, outputs)
    ]
    method = v1.saved_model.signature_constants.PREDICT_METHOD_NAME
    return v1.saved_model.build_signature_def(infos[0], infos[1], method)


def tensor_info(name, dtype, shape):
    """Return TensorFlow's description; the name is the field's, since there is no graph."""
    with tf.Graph().as_default():
        info = v1.saved_model.build_tensor_info(v1.placeholder(dtype, shape))
    info.name = name
    return info


def expected(model):
    """Return the signatures that the model has, as TensorFlow describes them."""
    if model == "defaults":
        row = (tf.int32, [None])
        return {name: signature_def({"x": row}, {"y": row}) for name in ("other", DEFAULT)}
    if model == "summator":
        scalar = (tf.int8, [])
        names = (("add", "sum"), ("mul", "mul"))
        return {
            name: signature_def({"a": scalar, "b": scalar}, {output: scalar})
            for name, output in names
        }
    return identities()


def identities():
    """Return the signatures of the identity, one for each dtype that TensorFlow has."""
    dtypes = ["bool", "half", "bfloat16", "float32", "float64", "complex64", "complex128", "string"]
    dtypes += [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    dtypes += ["qint8", "quint8", "qint16", "quint16", "qint32"]
    told = {}
    for dtype in dtypes:
        any_shape = (tf.as_dtype(dtype), None)
        name = "identity_" + dtype.replace("half", "float16")
        told[name] = signature_def({"x": any_shape}, {"y": any_shape})
    return told


def metadata(stub, *fields):
    """Return the reply to a request for metadata."""
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "asked"
    request.model_spec.version.value = 7
    return stub.GetModelMetadata(request, timeout=10)


def compare(reply, model):
    """Return the names of signatures that differ from TensorFlow's, and how many are equal."""
    told = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(told)
    signatures = dict(told.signature_def)
    for name in NOT_TENSORFLOW_S:
        signatures.pop(name, None)
    wanted = expected(model)
    names = sorted(set(signatures) | set(wanted))
    equal = [name for name in names if signatures.get(name) == wanted.get(name)]
    return {"differ": sorted(set(names) - set(equal)), "equal": len(equal)}


def predict(stub, signature_name, dtype, outputs=(), **inputs):
    """Return the reply to a prediction."""
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = "asked"
    request.model_spec.version.value = 7
    request.model_spec.signature_name = signature_name
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype=dtype))
    return stub.Predict(request, timeout=10)


def spec(message):
    """Return a reply's model_spec as plain values."""
    told = message.model_spec
    return [told.name, told.WhichOneof("version_choice"), told.version.value, told.signature_name]


def refusal(action, *arguments, **options):
    """Return the status and details of a call that is refused."""
    try:
        action(*arguments, **options)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    return "answered"


def predictions(stub):
    """Return what the summator says to good and bad requests."""
    add = (stub, "add", tf.int8)
    filtered = predict(*add, ["sum"], a=1, b=2)
    return {
        "answered by": spec(filtered),
        "filtered": {name: int(tf.make_ndarray(y)) for name, y in filtered.outputs.items()},
        "unknown output": refusal(predict, *add, ["smu"], a=1, b=2),
        "output twice": refusal(predict, *add, ["sum", "sum"], a=1, b=2),
        "missing": refusal(predict, *add, a=1),
        "misspelt": refusal(predict, *add, a=1, c=2),
    }


def main():
    """Print what the model says."""
    address, model = sys.argv[1:]
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        reply = metadata(stub, "signature_def")
        results = {"metadata": compare(reply, model), "metadata of": spec(reply)}
        results["nothing asked"] = refusal(metadata, stub)
        results["other asked"] = refusal(metadata, stub, "assets")
        if model == "defaults":
            results["answered by"] = spec(predict(stub, "", tf.int32, x=[1]))
        if model == "summator":
            results.update(predictions(stub))
    print(json.dumps(results))


main()
