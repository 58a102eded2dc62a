"""Calls of a soak that do not run the model."""

from typing import Any

import hydro_serving_grpc as hs
from experiments.reliability.soak_exchange import Exchange, Kind
from experiments.reliability.soak_model import MODEL_NAME, merged_contract
from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.signature import Field
from tests.conformance.tensorflow_serving import metadata as asking
from tests.support.services import HealthRequest, HealthResponse

ABOUT_MODEL = (
    operations.MODEL_METADATA,
    operations.MODEL_CONFIG,
    operations.MODEL_STATISTICS,
)
OTHER_MODEL = b"\x0a\x05other"  # the name in a request of each of these


def all_of_them() -> list[Exchange]:
    """Return one of each, right or wrong."""
    wanted = asking.Request(metadata_field=[asking.SIGNATURE_DEF]).SerializeToString()
    serving = hs.StatusResponse(status=hs.StatusResponse.SERVING, message="ok")
    healthy = HealthResponse(status=HealthResponse.SERVING)
    nobody = HealthRequest(service="no.such.Service").SerializeToString()
    unknown = "/tensorflow.serving.SessionService/SessionRun"
    metadata = operations.GET_MODEL_METADATA.grpc_method
    status, check = operations.STATUS.grpc_method, operations.HEALTH_CHECK.grpc_method
    return [
        Exchange(Kind.METHODS, wanted, _metadata(), method=metadata),
        *(
            Exchange(Kind.METHODS, b"", status="INVALID_ARGUMENT", method=row.grpc_method)
            for row in (operations.CLASSIFY, operations.REGRESS, operations.MULTI_INFERENCE)
        ),
        Exchange(Kind.METHODS, b"", _available(), method=operations.MODEL_STATUS.grpc_method),
        Exchange(Kind.METHODS, b"", serving, method=status),
        Exchange(Kind.METHODS, b"", healthy, method=check),
        Exchange(Kind.METHODS, nobody, status="NOT_FOUND", method=check),
        Exchange(Kind.METHODS, b"", status="UNIMPLEMENTED", method=unknown),
        Exchange(Kind.METHODS, b"", status="INVALID_ARGUMENT", method=metadata),
        Exchange(Kind.METHODS, b"", _index(), method=operations.REPOSITORY_INDEX.grpc_method),
        *(
            Exchange(Kind.METHODS, OTHER_MODEL, status="NOT_FOUND", method=row.grpc_method)
            for row in ABOUT_MODEL
        ),
        *(
            Exchange(Kind.METHODS, b"", status="UNIMPLEMENTED", method=row.grpc_method)
            for row in operations.REFUSED
        ),
    ]


def _index() -> Any:
    model = {"name": MODEL_NAME, "version": "1", "state": "READY"}
    return message_class("inference.RepositoryIndexResponse")(models=[model])


def _available() -> Any:
    """Return what GetModelStatus says of a model that is served."""
    response = message_class("tensorflow.serving.GetModelStatusResponse")()
    version = response.model_version_status.add(version=1, state="AVAILABLE")
    version.status.SetInParent()
    return response


def _metadata() -> Any:
    signatures = {
        it.name: asking.signature(_forms(it.inputs), _forms(it.outputs))
        for it in merged_contract().signatures
    }
    return asking.described(asking.spec(MODEL_NAME), **signatures)


def _forms(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {field.name: (DTYPE_NUMBERS[field.dtype], field.shape) for field in fields}
