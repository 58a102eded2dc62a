"""Calls a summator by a stream, over a port or a socket, with Triton's own client."""

import json
import queue
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

MESSAGES = 500
SECONDS = 120


def inputs(a, b, dtype="INT8"):
    """Return the summator's two numbers as Triton's client sends them: as raw bytes."""
    made = []
    for name, value in (("a", a), ("b", b)):
        made.append(triton.InferInput(name, [], dtype))
        made[-1].set_data_from_numpy(np.array(value, {"INT8": "int8", "FP32": "float32"}[dtype]))
    return made


def answer_of(result):
    """Return an answer's id and its sum; fail if more would have to be waited for."""
    response = result.get_response()
    assert response.parameters["triton_final_response"].bool_param
    return [response.id, int(result.as_numpy("sum"))]


def stream(client, model):
    """Send many messages, one of them wrong, without waiting for any; return what comes."""
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for number in range(MESSAGES):
        dtype = "FP32" if number == 7 else "INT8"
        client.async_stream_infer(
            model, inputs(number % 60, 1, dtype), request_id=str(number),
            parameters={"signature_name": "add"}, enable_empty_final_response=True,
        )  # fmt: skip
    got = [answers.get(timeout=SECONDS) for _ in range(MESSAGES)]
    client.stop_stream()
    errors = [[number, error.message()] for number, (_, error) in enumerate(got) if error]
    answered = [answer_of(result) for result, _ in got if result]
    return {"errors": errors, "answered": answered}


def refused(call, *arguments):
    """Return how a call is refused."""
    try:
        return call(*arguments)
    except InferenceServerException as error:
        return [error.status(), error.message()]


def main(address, model):
    """Print what Triton's client sees."""
    with triton.InferenceServerClient(address) as client:
        print(json.dumps({
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model": client.is_model_ready(model),
            "version": client.is_model_ready(model, "1"),
            "other": refused(client.is_model_ready, "other"),
            "server": client.get_server_metadata(as_json=True)["name"],
            "stream": stream(client, model),
        }))  # fmt: skip


main(*sys.argv[1:])
