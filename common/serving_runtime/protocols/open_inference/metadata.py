"""Answer ModelMetadata and ModelConfig from the contract alone.

Both show the signature that a request without ``signature_name`` is for; the metadata has the
others in its properties.
"""

import abc
import json
from typing import Any, Dict, Iterable, List, Mapping, Optional

from hydro_serving_grpc.messages import enum_type, message_class
from serving_runtime import validation
from serving_runtime.errors import ServingError, Unimplemented
from serving_runtime.ipc.attributes import EMPTY, MODEL_VERSION
from serving_runtime.ipc.frames import Bytes
from serving_runtime.model_names import ModelNames
from serving_runtime.protocols.open_inference import carried, served, wording
from serving_runtime.protocols.open_inference.datatypes import BYTES, name_of
from serving_runtime.protocols.open_inference.json_replies import as_json
from serving_runtime.protocols.open_inference.served import PLATFORM
from serving_runtime.protocols.protocol import ContractProtocol, Encoded
from serving_runtime.settings import Settings
from serving_runtime.signature import FREE, Contract, Field, Signature

_MetadataResponse = message_class("inference.ModelMetadataResponse")
_ConfigResponse = message_class("inference.ModelConfigResponse")
_DATA_TYPES = frozenset(enum_type("inference.DataType").keys())


class AboutModel(ContractProtocol):
    """What is asked of one model by its name; the answer is the same each time."""

    request_type = ""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = served.names_of(contract, settings)
        self._answer: Optional[Encoded] = None

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return what is known of the model."""
        self._check(payload, target, attributes)
        if self._answer is None:
            self._answer = self._written()
        return self._answer

    def _check(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> None:
        """Check that the served model is the one that is asked for."""
        served.check_asked(self.request_type, payload, self._names)

    @abc.abstractmethod
    def _written(self) -> Encoded:
        """Return the answer."""


class Metadata(AboutModel):
    """What ModelMetadata asks for."""

    request_type = "ModelMetadataRequest"

    def _written(self) -> Encoded:
        return _serialized(_MetadataResponse(**described_model(self._contract, self._names)))


class Config(AboutModel):
    """What ModelConfig asks for, as Triton's load generator reads it."""

    request_type = "ModelConfigRequest"

    def _written(self) -> Encoded:
        max_rows = self._settings.max_batch_rows
        config = configured_model(self._contract, self._names, max_rows)
        return _serialized(_ConfigResponse(config=config))


class RestMetadata(AboutModel):
    """What is asked for at the model's path."""

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word_rest(error)

    def _check(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> None:
        self._names.check(target, attributes.get(MODEL_VERSION, ""))

    def _written(self) -> Encoded:
        return as_json(described_model(self._contract, self._names))


class RestConfig(RestMetadata):
    """The same as Config, in JSON."""

    def _written(self) -> Encoded:
        max_rows = self._settings.max_batch_rows
        return as_json(configured_model(self._contract, self._names, max_rows))


def described_model(contract: Contract, names: ModelNames) -> Dict[str, Any]:
    """Return a model's metadata.

    Raises:
        Unimplemented: this protocol cannot carry any of its signatures.
    """
    signature = shown(contract)
    return {
        "name": names.name,
        "versions": [names.version],
        "platform": PLATFORM,
        "inputs": _all_described(signature.inputs + signature.optional_inputs),
        "outputs": _all_described(signature.outputs),
        "properties": _properties(contract, signature),
    }


def configured_model(contract: Contract, names: ModelNames, max_rows: int) -> Dict[str, Any]:
    """Return a model's configuration.

    Raises:
        Unimplemented: this protocol cannot carry any of its signatures.
    """
    signature = shown(contract)
    rows = max_rows if signature.is_stackable else 0
    optional = [
        {"optional": True, **_configured(field, bool(rows))} for field in signature.optional_inputs
    ]
    return {
        "name": names.name,
        "platform": PLATFORM,
        "backend": PLATFORM,
        "max_batch_size": rows,
        "input": [_configured(field, bool(rows)) for field in signature.inputs] + optional,
        "output": [_configured(field, bool(rows)) for field in signature.outputs],
        "model_transaction_policy": {"decoupled": False},
    }


def _serialized(message: Any) -> Encoded:
    return message.SerializeToString(deterministic=True), EMPTY


def shown(contract: Contract) -> Signature:
    """Return the signature that stands for the model: the default one, else the first.

    Raises:
        Unimplemented: this protocol cannot carry any of them; the text says which can.
    """
    default = validation.by_requested_name(contract).get("")
    ordered = [default, *contract.signatures] if default else list(contract.signatures)
    reasons = [carried.reason_not(signature) for signature in ordered]
    for signature, reason in zip(ordered, reasons):
        if not reason:
            return signature
    raise Unimplemented(reasons[0])


def _properties(contract: Contract, signature: Signature) -> Dict[str, str]:
    """Return what the metadata has no fields for, as JSON."""
    others = {
        f"signature.{other.name}": _json({
            "inputs": _all_described(other.inputs + other.optional_inputs),
            "outputs": _all_described(other.outputs),
        })
        for other in contract.signatures
        if other is not signature
    }  # fmt: skip
    properties = {"signature_name": signature.name, **others}
    if signature.optional_inputs:
        names = [field.name for field in signature.optional_inputs]
        properties["optional_inputs"] = _json(names)
    return properties


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _all_described(fields: Iterable[Field]) -> List[Dict[str, Any]]:
    return [_described(field) for field in fields]


def _described(field: Field) -> Dict[str, Any]:
    """Return a field as the standard describes it, which has no word for any shape."""
    shape = [FREE] if field.shape is None else list(field.shape)
    return {"name": field.name, "datatype": name_of(field.dtype), "shape": shape}


def _configured(field: Field, has_rows: bool) -> Dict[str, Any]:
    described = _described(field)
    datatype = described["datatype"]
    kind = "STRING" if datatype == BYTES else datatype
    dims = described["shape"][1:] if has_rows else described["shape"]
    return {
        "name": field.name,
        "data_type": f"TYPE_{kind}" if f"TYPE_{kind}" in _DATA_TYPES else "TYPE_INVALID",
        "dims": dims,
    }
