"""Turn bytes into arrays and back: a folder for each protocol, looked up by the operation's key.

A new protocol is a folder, rows in ``operations`` and, here, a line for each of its operations
that a worker answers.
"""

from typing import Dict, NamedTuple, Type

from serving_runtime import operations
from serving_runtime.protocols.hydrosphere.predict import Predict as Predict3
from serving_runtime.protocols.open_inference import metadata, repository, statistics
from serving_runtime.protocols.open_inference.infer import Infer, StreamInfer
from serving_runtime.protocols.open_inference.rest import RestInfer
from serving_runtime.protocols.openapi.document import Document
from serving_runtime.protocols.protocol import (
    CompositeProtocol,
    ContractProtocol,
    ModelProtocol,
    Protocol,
)
from serving_runtime.protocols.request import Request, SequenceStep
from serving_runtime.protocols.tabular.invocations import Invocations
from serving_runtime.protocols.tensorflow_serving.classify import Classify
from serving_runtime.protocols.tensorflow_serving.metadata import Metadata
from serving_runtime.protocols.tensorflow_serving.multi_inference import MultiInference
from serving_runtime.protocols.tensorflow_serving.predict import Predict
from serving_runtime.protocols.tensorflow_serving.regress import Regress
from serving_runtime.protocols.tensorflow_serving.rest_classify import RestClassify, RestRegress
from serving_runtime.protocols.tensorflow_serving.rest_metadata import RestMetadata
from serving_runtime.protocols.tensorflow_serving.rest_predict import RestPredict
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract

__all__ = [
    "COMPOSITE_PROTOCOLS",
    "CONTRACT_PROTOCOLS",
    "MODEL_PROTOCOLS",
    "PROTOCOLS",
    "CompositeProtocol",
    "ContractProtocol",
    "ModelProtocol",
    "Protocol",
    "Protocols",
    "Request",
    "SequenceStep",
    "alignment_offset",
]

MODEL_PROTOCOLS: Dict[str, Type[ModelProtocol]] = {
    operations.PREDICT.key: Predict,
    operations.INFER.key: Infer,
    operations.STREAM_INFER.key: StreamInfer,
    operations.REST_INFER.key: RestInfer,
    operations.PREDICT_3.key: Predict3,
    operations.CLASSIFY.key: Classify,
    operations.REGRESS.key: Regress,
    operations.REST_PREDICT.key: RestPredict,
    operations.REST_CLASSIFY.key: RestClassify,
    operations.REST_REGRESS.key: RestRegress,
    operations.INVOCATIONS.key: Invocations,
}
COMPOSITE_PROTOCOLS: Dict[str, Type[CompositeProtocol]] = {
    operations.MULTI_INFERENCE.key: MultiInference,
}
CONTRACT_PROTOCOLS: Dict[str, Type[ContractProtocol]] = {
    operations.GET_MODEL_METADATA.key: Metadata,
    operations.REST_GET_MODEL_METADATA.key: RestMetadata,
    operations.MODEL_METADATA.key: metadata.Metadata,
    operations.MODEL_CONFIG.key: metadata.Config,
    operations.MODEL_STATISTICS.key: statistics.Statistics,
    operations.REPOSITORY_INDEX.key: repository.Index,
    operations.OPENAPI.key: Document,
    operations.REST_MODEL_METADATA.key: metadata.RestMetadata,
    operations.REST_MODEL_CONFIG.key: metadata.RestConfig,
    operations.REST_MODEL_STATISTICS.key: statistics.RestStatistics,
    operations.REST_REPOSITORY_INDEX.key: repository.RestIndex,
    **{row.key: repository.refusal_of(row.grpc_name) for row in operations.REFUSED},
}
PROTOCOLS: Dict[str, Type[Protocol]] = {
    **MODEL_PROTOCOLS,
    **COMPOSITE_PROTOCOLS,
    **CONTRACT_PROTOCOLS,
}


class Protocols(NamedTuple):
    """The protocols of one model, by the operations' keys."""

    by_model: Dict[str, ModelProtocol]
    by_parts: Dict[str, CompositeProtocol]
    by_contract: Dict[str, ContractProtocol]

    @classmethod
    def of(cls, contract: Contract, settings: Settings) -> "Protocols":
        """Return what answers for a model."""
        return cls(
            {key: kind(contract, settings) for key, kind in MODEL_PROTOCOLS.items()},
            {key: kind(contract, settings) for key, kind in COMPOSITE_PROTOCOLS.items()},
            {key: kind(contract, settings) for key, kind in CONTRACT_PROTOCOLS.items()},
        )


def alignment_offset(operation_key: str, length_bytes: int) -> int:
    """Return how far from an aligned address a request should begin, in bytes.

    Then its values can be used where they lie.

    Args:
        operation_key: what it asks for; one that is not known has no values.
        length_bytes: of the request.
    """
    protocol = PROTOCOLS.get(operation_key)
    return protocol.alignment_offset(length_bytes) if protocol else 0
