"""The rows of what is asked for by gRPC."""

from typing import Tuple

from serving_runtime.operations.operation import AnsweredBy, ErrorForm, Operation

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

ROWS: Tuple[Operation, ...] = (
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
