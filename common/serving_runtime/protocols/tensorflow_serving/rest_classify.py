"""Classify and Regress of TensorFlow Serving's REST: examples and results as JSON.

Scores are float32, and written in the shortest form that is read as the same one.
"""

import json
from typing import Any, List, Mapping

import numpy as np

from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import reading, requests
from serving_runtime.protocols.json.reader import Reader
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protocol import Encoded
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import rest_examples, rest_served
from serving_runtime.protocols.tensorflow_serving.classify import Classify
from serving_runtime.protocols.tensorflow_serving.examples_protocol import ExamplesProtocol
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.regress import Regress
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value


class _RestExamples(ExamplesProtocol):
    """Reads and writes JSON; the path names the model: another one is NOT_FOUND."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = rest_served.names_of(contract, settings)

    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a JSON object with ``examples``."""
        rest_served.check(self._names, target, attributes)
        return reading.read(payload, self._request)

    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write ``results``, one for each example."""
        message = self.response_type()
        self.fill(message.result, outputs, request)
        text = json.dumps(
            {"results": self.results(message.result)}, ensure_ascii=False, separators=(",", ":")
        )
        return text.encode("utf-8"), rest_served.OF_JSON

    def results(self, result: Any) -> List[Any]:
        """Return what is written of a result's message."""
        raise NotImplementedError

    def _request(self, reader: Reader) -> Request:
        body = reader.plain(reader.root)
        if not isinstance(body, dict):
            reader.refuse(body, "the body", "an object")
        asked = ModelSpec(signature_name=requests.signature_name(body))
        self.choose(asked)
        budget = DecodeBudget(self._settings.max_expanded_bytes)
        return self.request(asked, rest_examples.read(body, budget))


class RestClassify(_RestExamples, Classify):
    """Each example's classes, as pairs of a label and a score."""

    def results(self, result: Any) -> List[Any]:
        """Return each example's pairs."""
        return [
            [[it.label, _float32(it.score)] for it in one.classes] for one in result.classifications
        ]


class RestRegress(_RestExamples, Regress):
    """Each example's number."""

    def results(self, result: Any) -> List[Any]:
        """Return each example's number."""
        return [_float32(one.value) for one in result.regressions]


def _float32(value: float) -> float:
    """Return the double that is written as a float32 is."""
    return float(str(np.float32(value)))
