"""The seeds: proper requests of every method on the port, every dtype and every encoding."""

import contextlib
import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import POOL, message_class
from serving_runtime import operations
from serving_runtime.client import encode_request
from serving_runtime.client.arrays import tensor_of
from serving_runtime.protocols.protobuf.tensors.dtypes import WIRE_TYPES
from serving_runtime.protocols.protobuf.tensors.form import TENSOR, TENSOR_PROTO
from serving_runtime.protocols.shapes import MAX_RANK
from serving_runtime.signature import NUMPY_DTYPES, STRING, MapArray, Tensor
from serving_runtime.validation.maps import array_of
from tests.fuzz import inferences
from tests.support import examples, messages_3_x, odd_requests

# Answered by the front itself; all others by a worker.
PREDICT = operations.PREDICT.grpc_method
PREDICT_3 = operations.PREDICT_3.grpc_method
CLASSIFY = operations.CLASSIFY.grpc_method
REGRESS = operations.REGRESS.grpc_method
MULTI_INFERENCE = operations.MULTI_INFERENCE.grpc_method
GET_MODEL_METADATA = operations.GET_MODEL_METADATA.grpc_method
INFER = operations.INFER.grpc_method
STREAM_INFER = operations.STREAM_INFER.grpc_method
MODEL_STATISTICS = operations.MODEL_STATISTICS.grpc_method
MODEL_STATUS = operations.MODEL_STATUS.grpc_method
RELOAD_CONFIG = operations.RELOAD_CONFIG.grpc_method
HEALTH_CHECK = operations.HEALTH_CHECK.grpc_method
STATUS = operations.STATUS.grpc_method
MODEL_READY = operations.MODEL_READY.grpc_method
REFLECTION = operations.REFLECTION_V1.grpc_method

WORKER_METHODS = tuple(row.grpc_method for row in operations.FORWARDED if row.grpc_method)
FRONT_METHODS = (HEALTH_CHECK, STATUS, MODEL_STATUS, RELOAD_CONFIG, MODEL_READY, REFLECTION)
METHODS = (*WORKER_METHODS, *FRONT_METHODS)

# A message of a stream is read as any other inference; it is the answer that differs.
STREAMED_EVERY = 5

_SHAPES = ((), (1,), (2, 3), (0, 2), (1, 2, 1, 2))
_NAMES = ("", "tensorflow.serving.PredictionService", "grpc.health.v1.Health", "no.such.Service")


class Case(NamedTuple):
    """One request: a full method name and bytes, which may be anything."""

    method: str
    payload: bytes


class Seed(NamedTuple):
    """A proper request: a full method name and the message."""

    method: str
    message: Any

    @property
    def case(self) -> Case:
        """The request's bytes, the same each time."""
        return Case(self.method, bytes(self.message.SerializeToString(deterministic=True)))


def request_type(method: str) -> Any:
    """Return the message class of a method's requests."""
    return _type(method, "input_type")


def reply_type(method: str) -> Any:
    """Return the message class of a method's replies."""
    return _type(method, "output_type")


def _type(method: str, end: str) -> Any:
    _, service, name = method.split("/")
    found = POOL.FindServiceByName(service).FindMethodByName(name)
    return message_class(getattr(found, end).full_name)


def seeds() -> tuple[Seed, ...]:
    """Return the seeds, the same in every process."""
    predictions = (*map(_predict, _predictions()), *_rare_encodings())
    return (
        *predictions,
        *_of_3_x(predictions),
        *_of_examples(),
        *_metadata(),
        *_of_open_inference(),
        *_of_front(),
    )


def golden() -> list[Case]:
    """Return the seeds as cases, each once: what must be answered the same whatever comes."""
    cases = dict.fromkeys(seed.case for seed in seeds())
    return [case for case in cases if case.method != MODEL_STATISTICS]  # which count


def donors() -> Iterator[Any]:
    """Yield requests that fit no signature, whose parts are put into those that do."""
    for number in range(200):
        for form, method in ((TENSOR_PROTO, PREDICT), (TENSOR, PREDICT_3)):
            payload = odd_requests.draw(random.Random(number), form=form)
            with contextlib.suppress(DecodeError):
                yield request_type(method).FromString(payload)
    yield from inferences.donors()


def _predict(payload: bytes) -> Seed:
    return Seed(PREDICT, hs.PredictRequest.FromString(payload))


def _predictions() -> Iterator[bytes]:
    chance = np.random.default_rng(5)
    for as_content in (True, False):
        for dtype in sorted(NUMPY_DTYPES):
            for shape in _SHAPES:
                yield encode_request(dtype, {"x": _tensor(chance, dtype, shape)}, as_content)
        for name, inputs in _composed(chance):
            yield encode_request(name, inputs, as_content)


def _composed(chance: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    for rows in (1, 2, 5):
        yield "rows", {"x": np.ones((rows, 3), np.float32), "y": np.arange(rows)}
    names = np.array(["a", "ä", ""], object)
    yield "mixed", {"x": np.ones((2, 4)), "count": np.uint8(3), "names": names}
    inner = {"text": np.array("text", object), "k": np.arange(4)}
    nested = {"x": {"k": np.ones(2, np.float32), "inner": inner}}
    yield "nested", nested
    yield "anything", nested
    for count in (0, 1, 3):
        yield "several", {"x": MapArray(array_of([tensor_of(nested["x"], "x")] * count, (count,)))}
    yield "anything", {"x": [nested["x"], {}]}
    yield "anything", {"x": _tensor(chance, "int16", (3,))}
    for name in ("anything", "int8", "string"):  # one dimension more is too many
        yield name, {"x": _tensor(chance, "int8" if name == "anything" else name, (1,) * MAX_RANK)}


def _tensor(chance: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Tensor:
    values = chance.integers(0, 100, shape)
    if dtype == STRING:
        texts = np.empty(shape, object)
        texts[...] = np.array([f"{value}" for value in values.ravel()], object).reshape(shape)
        return Tensor(dtype, texts)
    return Tensor(dtype, np.asarray(values).astype(NUMPY_DTYPES[dtype]))


def _rare_encodings() -> Iterator[Seed]:
    """Yield what our own client never writes: repeated values, second fields, filters, versions."""
    for wire_type in WIRE_TYPES.values():
        for field in wire_type.fields:
            request = _filled(wire_type.dtype, wire_type.number, field)
            yield Seed(PREDICT, request)
    request = _filled("int8", WIRE_TYPES["int8"].number, "int_val")
    request.output_filter.append("x")
    request.model_spec.name = "echo"
    request.model_spec.version.value = 7
    yield Seed(PREDICT, request)


def _filled(signature: str, number: int, field: str) -> Any:
    """Return a request whose one input has fewer values than its shape: the last is repeated."""
    request = hs.PredictRequest()
    request.model_spec.signature_name = signature
    tensor = request.inputs["x"]
    tensor.dtype = number
    tensor.tensor_shape.dim.add(size=2)
    tensor.tensor_shape.dim.add(size=4)
    value = b"text" if field == "string_val" else 1
    count = 2 if "complex_val" in field else 1
    getattr(tensor, field).extend([value] * count)
    return request


def _of_3_x(seeds: Iterable[Seed]) -> Iterator[Seed]:
    """Yield those that the default signature takes, as Hydrosphere 3.x has them."""
    for seed in seeds:
        inputs = seed.message.inputs
        if set(inputs) == {"x"} and inputs["x"].dtype != hs.DT_BFLOAT16:
            yield Seed(PREDICT_3, messages_3_x.request(seed.message))


def _of_examples() -> Iterator[Seed]:
    """Yield examples for signatures of each purpose; their bytes are UTF-8, as the model wants."""
    sent = [examples.example(x=[1, 2], name=[b"a"]), examples.example(x=[3])]
    context = examples.example(query=[b"text"])
    kinds = {CLASSIFY: examples.ClassificationRequest, REGRESS: examples.RegressionRequest}
    names = {CLASSIFY: "classes", REGRESS: "numbers"}
    for method, kind in kinds.items():
        for more in ({}, {"context": context}):
            yield Seed(method, examples.asked(kind, *sent, signature=names[method], **more))
    tasks = [("classes", examples.CLASSIFY), ("numbers", examples.REGRESS)]
    for number in (1, 2):
        payload = examples.multi_inference(tasks[:number], *sent, context=context)
        yield Seed(MULTI_INFERENCE, examples.MultiInferenceRequest.FromString(payload))


def _metadata() -> Iterator[Seed]:
    request = request_type(GET_MODEL_METADATA)(metadata_field=["signature_def"])
    yield Seed(GET_MODEL_METADATA, request)
    named = request_type(GET_MODEL_METADATA)(metadata_field=["signature_def"])
    named.model_spec.name = "echo"
    named.model_spec.version.value = 7
    yield Seed(GET_MODEL_METADATA, named)


def _of_open_inference() -> Iterator[Seed]:
    for number, message in enumerate(inferences.inferences()):
        yield Seed(INFER, message)
        if number % STREAMED_EVERY == 0:
            yield Seed(STREAM_INFER, message)
    for operation, fields in inferences.of_model():
        method = operation.grpc_method
        yield Seed(method, request_type(method)(**fields))


def _of_front() -> Iterator[Seed]:
    for name in _NAMES:
        yield Seed(HEALTH_CHECK, request_type(HEALTH_CHECK)(service=name))
    yield Seed(STATUS, request_type(STATUS)())
    for name in ("", "echo", "no such model"):
        yield Seed(MODEL_READY, request_type(MODEL_READY)(name=name))
    yield Seed(MODEL_STATUS, request_type(MODEL_STATUS)())
    named = request_type(MODEL_STATUS)()
    examples.fill_spec(named.model_spec, name="echo", version=7)
    yield Seed(MODEL_STATUS, named)
    reloaded = request_type(RELOAD_CONFIG)()
    reloaded.config.model_config_list.config.add(name="echo", base_path="/models/echo")
    yield Seed(RELOAD_CONFIG, reloaded)
    ask = request_type(REFLECTION)
    yield Seed(REFLECTION, ask(list_services=""))
    yield Seed(REFLECTION, ask(file_by_filename="no/such.proto"))
    for name in _NAMES:
        yield Seed(REFLECTION, ask(file_containing_symbol=name, host="localhost"))
    number = {"containing_type": "tensorflow.TensorProto", "extension_number": 5}
    yield Seed(REFLECTION, ask(file_containing_extension=number))
    yield Seed(REFLECTION, ask(all_extension_numbers_of_type="tensorflow.TensorProto"))
