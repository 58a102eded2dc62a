"""Proper requests of Open Inference: every datatype, typed and raw, and about the model."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from serving_runtime import operations
from serving_runtime.operations import Operation
from serving_runtime.signature import NUMPY_DTYPES, STRING, Tensor
from tests.support import odd_inferences
from tests.support.cases import tensor
from tests.support.wires import open_inference_protobuf as wire

_SHAPES = ((), (1,), (2, 3), (0, 2), (1, 2, 1, 2))


def inferences() -> Iterator[Any]:
    """Yield requests of ModelInfer."""
    for as_raw in (True, False):
        for dtype in sorted(wire.FORMS):
            if as_raw or dtype not in wire.HALVES:
                for shape in _SHAPES:
                    yield _request(dtype, {"x": _tensor(dtype, shape)}, as_raw)
        for name, inputs in _composed():
            yield _request(name, inputs, as_raw)
    yield from _rare()


def of_model() -> Iterator[tuple[Operation, dict[str, Any]]]:
    """Yield what else is asked: an operation, and its request's fields."""
    for operation in (
        operations.MODEL_METADATA,
        operations.MODEL_CONFIG,
        operations.MODEL_STATISTICS,
    ):
        yield operation, {}
        yield operation, {"name": "echo", "version": "7"}
    yield operations.REPOSITORY_INDEX, {"ready": True}
    for operation in operations.REFUSED:
        yield operation, {}


def donors() -> Iterator[Any]:
    """Yield requests that fit no signature, whose parts are put into those that do."""
    for number in range(200):
        try:
            yield wire.Request.FromString(odd_inferences.draw(random.Random(number)))
        except DecodeError:
            continue


def _request(signature: str, inputs: dict[str, Tensor], as_raw: bool, **fields: Any) -> Any:
    message = wire.request(inputs, as_raw, **fields)
    message.parameters["signature_name"].string_param = signature
    return message


def _composed() -> Iterator[tuple[str, dict[str, Tensor]]]:
    for rows in (1, 2, 5):
        yield "rows", {"x": tensor("float32", np.ones((rows, 3))), "y": _tensor("int64", (rows,))}
    yield (
        "mixed",
        {
            "x": tensor("float64", np.ones((2, 4))),
            "count": tensor("uint8", 3),
            "names": tensor(STRING, ["a", "ä", ""]),
        },
    )
    yield "anything", {"x": _tensor("int16", (3,))}


def _rare() -> Iterator[Any]:
    message = _request("int8", {"x": tensor("int8", 3)}, True, id="größer 1")
    message.model_name, message.model_version = "echo", "7"
    message.outputs.add(name="x")
    for name, kind, value in (
        ("timeout", "int64", 3_000_000_000),
        ("sequence_id", "string", "s"),
        ("sequence_start", "bool", True),
        ("sequence_end", "bool", True),
        ("priority", "uint64", 1),
    ):
        setattr(message.parameters[name], f"{kind}_param", value)
    message.inputs[0].parameters["binary_data_size"].int64_param = 1
    yield message


def _tensor(dtype: str, shape: tuple[int, ...]) -> Tensor:
    values = np.arange(int(np.prod(shape))).reshape(shape) % 100
    if dtype == STRING:
        return tensor(STRING, np.array([f"{it}" for it in values.ravel()], object).reshape(shape))
    if dtype == "bool":
        values = values % 2
    return Tensor(dtype, np.asarray(values).astype(NUMPY_DTYPES[dtype]))
