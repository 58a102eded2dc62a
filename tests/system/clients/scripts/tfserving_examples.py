"""Serves an estimator's export with this Python, and calls it with TensorFlow Serving's stubs."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
    regression_pb2,
)

v1 = tf.compat.v1
UTILS = v1.saved_model.signature_def_utils
ROWS = [[0.5, 2.0], [-1.0, 8.25]]


def export(path):
    """Write a SavedModel whose signatures TensorFlow itself describes."""
    with tf.Graph().as_default(), v1.Session() as session:
        serialised = v1.placeholder(tf.string, [None])
        x = v1.parse_example(serialised, {"x": v1.FixedLenFeature([2], tf.float32)})["x"]
        labels = tf.tile(tf.constant([["west", "größer"]]), [tf.shape(x)[0], 1])
        total = tf.reduce_sum(x, axis=1)
        builder = v1.saved_model.builder.SavedModelBuilder(path)
        signatures = {
            "serving_default": UTILS.classification_signature_def(serialised, labels, x),
            "regress": UTILS.regression_signature_def(serialised, total),
        }
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()


def serve(model_dir):
    """Start a service, and return it with its address."""
    command = [sys.executable, "-m", "serving_runtime.cli", "serve", model_dir]
    command += ["--runtime", "tensorflow", "--port", "0"]
    settings = {"RUNTIME_HOST": "127.0.0.1", "RUNTIME_DRAIN_DELAY": "0s"}
    service = subprocess.Popen(
        command, env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True
    )
    for line in service.stderr:
        found = re.search(r"listening on (\S+:\d+)", line)
        if found:
            return service, found.group(1)
    raise SystemExit("the service ended before it listened")


def states(stub):
    """Poll the model's state as deployment scripts do, and return what was seen."""
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "estimator"
    names = get_model_status_pb2.ModelVersionStatus.State
    seen = []
    until = time.monotonic() + 90
    while "AVAILABLE" not in seen and time.monotonic() < until:
        [version] = stub.GetModelStatus(request, timeout=10).model_version_status
        seen.append(names.Name(version.state))
        time.sleep(0.05)
    return [sorted(set(seen[:-1])), seen[-1], version.version, version.status.error_code]


def example(row):
    """Return an example of two numbers."""
    features = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=row))}
    return tf.train.Example(features=tf.train.Features(feature=features))


def asked(kind, signature):
    """Return a request about all rows."""
    request = kind()
    request.model_spec.name = "estimator"
    request.model_spec.signature_name = signature
    request.input.example_list.examples.extend(map(example, ROWS))
    return request


def classes(result):
    """Return a classification as plain values."""
    return [[[it.label, it.score] for it in row.classes] for row in result.classifications]


def numbers(result):
    """Return a regression as plain values."""
    return [it.value for it in result.regressions]


def multi_inference(stub):
    """Return what both signatures answer in one call."""
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list_with_context.context.CopyFrom(example(ROWS[0]))
    request.input.example_list_with_context.examples.extend([tf.train.Example(), example(ROWS[1])])
    for name, purpose in (("", "classify"), ("regress", "regress")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{purpose}")
        task.model_spec.name = "estimator"
        task.model_spec.signature_name = name
    first, second = stub.MultiInference(request, timeout=30).results
    return [classes(first.classification_result), numbers(second.regression_result)]


def refusal(action, request):
    """Return the status and details of a call that is refused."""
    try:
        action(request, timeout=30)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    return "answered"


def results(channel):
    """Return what the service says."""
    models = model_service_pb2_grpc.ModelServiceStub(channel)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    found = {"states": states(models)}
    reply = stub.Classify(asked(classification_pb2.ClassificationRequest, ""), timeout=30)
    found["classes"] = classes(reply.result)
    found["answered by"] = [reply.model_spec.name, reply.model_spec.signature_name]
    request = asked(regression_pb2.RegressionRequest, "regress")
    found["numbers"] = numbers(stub.Regress(request, timeout=30).result)
    found["both"] = multi_inference(stub)
    request = asked(classification_pb2.ClassificationRequest, "regress")
    found["not a classifier"] = refusal(stub.Classify, request)
    reload = model_management_pb2.ReloadConfigRequest()
    reload.config.model_config_list.config.add(name="other", base_path="/models/other")
    found["reload"] = refusal(models.HandleReloadConfigRequest, reload)
    return found


def main():
    """Print what the service says, and how it ends."""
    with tempfile.TemporaryDirectory() as model_dir:
        export(os.path.join(model_dir, "files", "5"))
        service, address = serve(model_dir)
        try:
            with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
                found = results(channel)
            service.terminate()
            service.communicate(timeout=60)
        finally:
            service.kill()
            service.wait()
    print(json.dumps({**found, "exit code": service.returncode}))


main()
