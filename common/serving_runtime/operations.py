"""The one table of operations: what clients can ask for, who answers, what each transport calls it.

Routes, reflection, the services that health names, what needs no token and the worker's registry
of protocols are all derived from it. A new operation is a row here and a module of its protocol's
folder; a new transport is a column.
"""

import enum
from typing import NamedTuple, Tuple


class AnsweredBy(enum.Enum):
    """Who answers an operation."""

    MODEL = "model"  # a worker, by calling the model; waits in the admission queue
    CONTRACT = "contract"  # a worker, from the model's contract alone
    FRONT = "front"  # the front itself, at once and in every phase


class ErrorForm(enum.Enum):
    """How a failure is reported to the client, beside the transport's own status."""

    STATUS = "status"  # one line of details beside a gRPC status; there is no body
    # A message of Open Inference's streams, which go on: of one message, not of the stream.
    STREAM_MESSAGE = "stream_message"


class Operation(NamedTuple):
    """One row of the table."""

    key: str
    """Its name inside of the service: ``<protocol>.<operation>``; travels in frames."""

    answered_by: AnsweredBy
    """The model, the contract, or the front."""

    grpc_method: str
    """Its full gRPC method name, ``/package.Service/Method``; empty where gRPC has none."""

    is_stream: bool = False
    """Whether gRPC clients open a stream; else one request has one reply. One that workers answer
    is forwarded message by message, each as a call of its own."""

    may_retry: bool = False
    """Whether it is tried once more when the worker that ran it ends."""

    error_form: ErrorForm = ErrorForm.STATUS
    """What a failure's body looks like."""

    is_health: bool = False
    """Whether RUNTIME_OPEN_HEALTH opens it to callers without a token."""

    @property
    def protocol(self) -> str:
        """The protocol's folder below ``protocols/``, or whose convention the front follows."""
        return self.key.partition(".")[0]

    @property
    def grpc_service(self) -> str:
        """The gRPC service's full name, such as ``grpc.health.v1.Health``."""
        return self.grpc_method[1:].partition("/")[0]

    @property
    def grpc_name(self) -> str:
        """The gRPC method's own name, such as ``Check``."""
        return self.grpc_method.rpartition("/")[2]

    @property
    def is_forwarded(self) -> bool:
        """Whether workers answer it: the front then forwards it unread."""
        return self.answered_by is not AnsweredBy.FRONT


_TFS = "/tensorflow.serving.PredictionService"
_OIP = "/inference.GRPCInferenceService"
_TFS_MODELS = "/tensorflow.serving.ModelService"
_REFLECTION = "/grpc.reflection.{}.ServerReflection/ServerReflectionInfo"

PREDICT = Operation(
    "tensorflow_serving.predict", AnsweredBy.MODEL, f"{_TFS}/Predict", may_retry=True
)
CLASSIFY = Operation(
    "tensorflow_serving.classify", AnsweredBy.MODEL, f"{_TFS}/Classify", may_retry=True
)
REGRESS = Operation(
    "tensorflow_serving.regress", AnsweredBy.MODEL, f"{_TFS}/Regress", may_retry=True
)
MULTI_INFERENCE = Operation(
    "tensorflow_serving.multi_inference", AnsweredBy.MODEL, f"{_TFS}/MultiInference", may_retry=True
)
GET_MODEL_METADATA = Operation(
    "tensorflow_serving.metadata", AnsweredBy.CONTRACT, f"{_TFS}/GetModelMetadata", may_retry=True
)
INFER = Operation("open_inference.infer", AnsweredBy.MODEL, f"{_OIP}/ModelInfer", may_retry=True)
MODEL_METADATA = Operation(
    "open_inference.metadata", AnsweredBy.CONTRACT, f"{_OIP}/ModelMetadata", may_retry=True
)
MODEL_CONFIG = Operation(
    "open_inference.config", AnsweredBy.CONTRACT, f"{_OIP}/ModelConfig", may_retry=True
)
MODEL_STATISTICS = Operation(
    "open_inference.statistics", AnsweredBy.CONTRACT, f"{_OIP}/ModelStatistics", may_retry=True
)
REPOSITORY_INDEX = Operation(
    "open_inference.index", AnsweredBy.CONTRACT, f"{_OIP}/RepositoryIndex", may_retry=True
)
# What Triton's clients may ask for and nobody does here: refused with the reason.
REFUSED = tuple(
    Operation(f"open_inference.{key}", AnsweredBy.CONTRACT, f"{_OIP}/{method}", may_retry=True)
    for key, method in (
        ("load", "RepositoryModelLoad"),
        ("unload", "RepositoryModelUnload"),
        ("system_memory_status", "SystemSharedMemoryStatus"),
        ("system_memory_register", "SystemSharedMemoryRegister"),
        ("system_memory_unregister", "SystemSharedMemoryUnregister"),
        ("cuda_memory_status", "CudaSharedMemoryStatus"),
        ("cuda_memory_register", "CudaSharedMemoryRegister"),
        ("cuda_memory_unregister", "CudaSharedMemoryUnregister"),
        ("trace_settings", "TraceSetting"),
        ("log_settings", "LogSettings"),
    )
)
PREDICT_3 = Operation(
    "hydrosphere.predict",
    AnsweredBy.MODEL,
    "/hydrosphere.serving.runtime.PredictionService/Predict",
    may_retry=True,
)
MODEL_STATUS = Operation(
    "tensorflow_serving.model_status", AnsweredBy.FRONT, f"{_TFS_MODELS}/GetModelStatus"
)
RELOAD_CONFIG = Operation(
    "tensorflow_serving.reload_config",
    AnsweredBy.FRONT,
    f"{_TFS_MODELS}/HandleReloadConfigRequest",
)
STATUS = Operation("hydrosphere.status", AnsweredBy.FRONT, f"{_TFS}/Status")
STREAM_INFER = Operation(
    "open_inference.stream_infer",
    AnsweredBy.MODEL,
    f"{_OIP}/ModelStreamInfer",
    is_stream=True,
    may_retry=True,
    error_form=ErrorForm.STREAM_MESSAGE,
)
SERVER_LIVE = Operation(
    "open_inference.server_live", AnsweredBy.FRONT, f"{_OIP}/ServerLive", is_health=True
)
SERVER_READY = Operation(
    "open_inference.server_ready", AnsweredBy.FRONT, f"{_OIP}/ServerReady", is_health=True
)
MODEL_READY = Operation(
    "open_inference.model_ready", AnsweredBy.FRONT, f"{_OIP}/ModelReady", is_health=True
)
SERVER_METADATA = Operation(
    "open_inference.server_metadata", AnsweredBy.FRONT, f"{_OIP}/ServerMetadata"
)
HEALTH_CHECK = Operation(
    "health.check", AnsweredBy.FRONT, "/grpc.health.v1.Health/Check", is_health=True
)
HEALTH_WATCH = Operation(
    "health.watch", AnsweredBy.FRONT, "/grpc.health.v1.Health/Watch", is_stream=True, is_health=True
)
REFLECTION_V1 = Operation(
    "reflection.v1", AnsweredBy.FRONT, _REFLECTION.format("v1"), is_stream=True
)
REFLECTION_V1ALPHA = Operation(
    "reflection.v1alpha", AnsweredBy.FRONT, _REFLECTION.format("v1alpha"), is_stream=True
)

ALL: Tuple[Operation, ...] = (
    PREDICT,
    CLASSIFY,
    REGRESS,
    MULTI_INFERENCE,
    GET_MODEL_METADATA,
    INFER,
    MODEL_METADATA,
    MODEL_CONFIG,
    MODEL_STATISTICS,
    REPOSITORY_INDEX,
    *REFUSED,
    PREDICT_3,
    MODEL_STATUS,
    RELOAD_CONFIG,
    STATUS,
    STREAM_INFER,
    SERVER_LIVE,
    SERVER_READY,
    MODEL_READY,
    SERVER_METADATA,
    HEALTH_CHECK,
    HEALTH_WATCH,
    REFLECTION_V1,
    REFLECTION_V1ALPHA,
)
FORWARDED = tuple(operation for operation in ALL if operation.is_forwarded)
BY_KEY = {operation.key: operation for operation in ALL}
BY_GRPC_METHOD = {operation.grpc_method: operation for operation in ALL if operation.grpc_method}
