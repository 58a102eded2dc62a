"""The sample service of Hydrosphere's documentation ("Developing Runtime"), made to run.

Changed: what stopped it (`open` without "rb", `ParseFromString` of a class, `hs` that was never
imported), and the log line for every request is gone, since it would be most of the work.
"""

import importlib
import os
import sys
import time
from concurrent import futures

import grpc

import hydro_serving_grpc as hs

METHOD = "/tensorflow.serving.PredictionService/Predict"


class RuntimeService:
    """Calls the function of `func_main` that a signature names."""

    def __init__(self, model_path, contract):
        self.contract = contract
        self.model_path = model_path

    def Predict(self, request, context):
        """Answer one request, as the sample does."""
        selected_signature = None
        for signature in self.contract.signatures:
            if signature.signature_name == request.model_spec.signature_name:
                selected_signature = signature

        if selected_signature is None:
            context.set_code(grpc.StatusCode.INVALID_ARGUMENT)
            name = request.model_spec.signature_name
            context.set_details(f"{name} is not present in the model")
            return hs.PredictResponse()

        module = importlib.import_module("func_main")
        executable = getattr(module, selected_signature.signature_name)
        result = executable(**request.inputs)

        if not isinstance(result, hs.PredictResponse):
            context.set_code(grpc.StatusCode.OUT_OF_RANGE)
            context.set_details(f"Type of a result ({result}) is not `PredictResponse`")
            return hs.PredictResponse()
        return result


def serve(model_path, port):
    """Serve a model directory until the process is ended."""
    contract = hs.ModelContract()
    with open(os.path.join(model_path, "contract.protobin"), "rb") as file:
        contract.ParseFromString(file.read())
    sys.path.insert(0, os.path.join(model_path, "files", "src"))
    service = RuntimeService(os.path.join(model_path, "files"), contract)
    answer = grpc.unary_unary_rpc_method_handler(
        service.Predict, hs.PredictRequest.FromString, hs.PredictResponse.SerializeToString
    )
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    service_name, method = METHOD.strip("/").split("/")
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service_name, {method: answer}),)
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    while True:
        time.sleep(60 * 60 * 24)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
