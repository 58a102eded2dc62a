"""Draw inference requests in JSON, with binary data or without, and put something odd into them."""

import json
import random
from typing import Any, Dict, Mapping, Tuple

from serving_runtime.signature import NUMPY_DTYPES, Tensor
from tests.support.cases import tensor
from tests.support.odd_requests import mutate
from tests.support.wires import open_inference_json as wire
from tests.support.wires.open_inference_protobuf import FORMS

ODD = ("null", "NaN", "-Infinity", "1e400", "-0.0", "[1]", "[]", "{}", "true", '"a"', "1.5", "[[",
       "18446744073709551616", "9007199254740993", '"\\ud800"', '"\\ud83d\\ude00"', "]", ",", ":",
       '"data":', '"shape":[1],', "\ufeff", "{", "}", "-", "e9",
       '"name":"x1",', '"name\\u0000":"x1",', '"data\\u0000":[1],', '"data":[1],', '"\\u0000":1,',
       '"inputs":[],', '"parameters":null,', '"inputs\\u0000a":1,', '"shape":[-0],')  # fmt: skip
SHAPES = ((), (0,), (1,), (5,), (2, 3), (2, 0), (3, 1, 2), (40, 20))


def draw(chance: random.Random) -> Tuple[bytes, Mapping[str, str]]:
    """Return a request of several inputs: a body and the attributes that go with it."""
    tensors = {f"x{number}": drawn_tensor(chance) for number in range(chance.randint(1, 3))}
    more: Dict[str, Any] = {}
    if chance.random() < 0.3:
        more["parameters"] = {"signature_name": "s", "other": chance.choice([1, [1], {"a": "["}])}
    if chance.random() < 0.3:
        more.update(id="an [id]", outputs=[{"name": "y", "parameters": {"binary_data": True}}])
    return _written(chance, tensors, more)


def draw_echo(chance: random.Random) -> Tuple[bytes, Mapping[str, str]]:
    """Return a request of one input to a model that gives it back; see ``tests/fuzz``."""
    sent = drawn_tensor(chance)
    signature = chance.choice([sent.dtype, sent.dtype, "anything", "float64", "rows"])
    more: Dict[str, Any] = {"parameters": {"signature_name": signature}}
    if chance.random() < 0.3:
        outputs = {"name": "x", "parameters": {"binary_data": chance.random() < 0.5}}
        more.update(id="an [id]", outputs=[outputs])
    return _written(chance, {"x": sent}, more)


def _written(
    chance: random.Random, tensors: Mapping[str, Tensor], more: Mapping[str, Any]
) -> Tuple[bytes, Mapping[str, str]]:
    call = wire.request(tensors, chance.random() < 0.2, more)
    body = call.payload
    if not call.attributes and chance.random() < 0.5:  # nested lists in place of flat ones
        told = json.loads(body.decode())
        for item, sent in zip(told["inputs"], tensors.values()):
            if sent.array.ndim and sent.array.dtype != object:
                item["data"] = sent.array.tolist()
        body = json.dumps(told).encode()
    return body, call.attributes


def drawn_tensor(chance: random.Random) -> Tensor:
    """Return a tensor of any datatype and of some shape."""
    dtype, shape = chance.choice(sorted(FORMS)), chance.choice(SHAPES)
    count = 1
    for size in shape:
        count *= size
    if dtype == "string":
        values = [chance.choice(["a", "", "[", "ä", "😀", '"'] * 2 + ["\\"]) for _ in range(count)]
        return tensor(dtype, values, shape)
    kind = NUMPY_DTYPES[dtype].kind
    values = [chance.randint(0, 1 if kind == "b" else 99) for _ in range(count)]
    if kind == "f":
        values = [value / 8 for value in values]
    return tensor(dtype, values, shape)


def spoilt(chance: random.Random, body: bytes) -> bytes:
    """Return a body with something odd in it, or with changed bytes."""
    if chance.random() < 0.3:
        return mutate(chance, body)
    text = body.decode("utf-8", "replace")
    at = chance.choice([it for it, letter in enumerate(text) if letter in "[,:]}{"] or [0])
    cut = at + chance.choice([0, 1, 1, 2, 4])
    return (text[: at + 1] + chance.choice(ODD) + text[cut + 1 :]).encode("utf-8", "replace")
