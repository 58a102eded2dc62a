"""List every metric of the service: the one table that the collector and the documents follow."""

import enum
from typing import NamedTuple, Tuple


class Kind(enum.Enum):
    """How a metric's values behave."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric: what Prometheus calls it, how it behaves, its labels, and what it means."""

    name: str
    kind: Kind
    labels: Tuple[str, ...]
    meaning: str


_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM
_GRPC = ("grpc_type", "grpc_service", "grpc_method")
_MODEL = ("model_name",)
_SIGNATURE = ("model_name", "signature")
_OURS = "serving_runtime_"

# fmt: off
GRPC_STARTED = Metric("grpc_server_started_total", _C, _GRPC, "Calls that have come by gRPC.")
GRPC_HANDLED = Metric("grpc_server_handled_total", _C, (*_GRPC, "grpc_code"), "Calls that were answered, or given up by their client; over grpcio's public server (RUNTIME_GRPC_TRANSPORT=asyncio) one that goes before its message is whole counts as one whose message was too large.")
GRPC_SECONDS = Metric("grpc_server_handling_seconds", _H, _GRPC, "From a call's arrival to its answer.")
HTTP_SECONDS = Metric("http_server_request_duration_seconds", _H, ("http_request_method", "http_route", "http_response_status_code"), "From a request's arrival to its answer; 499 is a client that has gone before.")
READY = Metric(f"{_OURS}ready", _G, (), "1 while the service is ready, as its health says.")
INFO = Metric(f"{_OURS}info", _G, ("model_name", "framework", "framework_version", "contract", "python", "release"), "1, with what serves the model; `contract`: what wrote its contract, `YAML`, or `inferred` from the model where it has none.")
CALLS = Metric(f"{_OURS}calls_total", _C, (*_SIGNATURE, "status"), "Calls of the model, and questions about it, that have ended.")
FAILURES = Metric(f"{_OURS}failures_total", _C, (*_MODEL, "reason"), "Calls that failed, by reason, but for those that no call was made of: see refusals.")
REFUSALS = Metric(f"{_OURS}refusals_total", _C, (*_MODEL, "reason"), "Calls that were refused before any worker saw them; also without a token, too large, or when memory is short.")
PROBLEMS = Metric(f"{_OURS}problems_total", _C, (*_MODEL, "kind"), "What was wrong with requests; one may have several.")
CASTS = Metric(f"{_OURS}cast_inputs_total", _C, _SIGNATURE, "Inputs that were converted to the dtype of the contract.")
QUEUE_SECONDS = Metric(f"{_OURS}queue_seconds", _H, _SIGNATURE, "How long calls waited for the model, in front and worker.")
DECODE_SECONDS = Metric(f"{_OURS}decode_seconds", _H, _SIGNATURE, "How long reading and checking a request took.")
MODEL_SECONDS = Metric(f"{_OURS}model_seconds", _H, _SIGNATURE, "How long the model ran for a call; all calls of a batch have the whole run's time.")
ENCODE_SECONDS = Metric(f"{_OURS}encode_seconds", _H, _SIGNATURE, "How long writing a reply took.")
PREDICT_SECONDS = Metric("request_predict_seconds", _H, _MODEL, "The same as model_seconds, by the name that KServe's dashboards know.")
BATCH_ROWS = Metric(f"{_OURS}batch_rows", _H, _SIGNATURE, "Rows of each run of the model that succeeded.")
BATCH_CALLS = Metric(f"{_OURS}batch_calls", _H, _SIGNATURE, "Calls that each run of the model answered.")
REQUEST_BYTES = Metric(f"{_OURS}request_bytes_total", _C, _MODEL, "Bytes of the requests for the model.")
REPLY_BYTES = Metric(f"{_OURS}reply_bytes_total", _C, _MODEL, "Bytes of their replies.")
RUNNING = Metric(f"{_OURS}calls_running", _G, _MODEL, "Calls that workers have and have not answered.")
WAITING = Metric(f"{_OURS}calls_waiting", _G, _MODEL, "Calls that wait for a worker.")
WAITING_BYTES = Metric(f"{_OURS}waiting_bytes", _G, _MODEL, "Bytes of the calls that wait.")
WORKERS = Metric(f"{_OURS}workers", _G, _MODEL, "Workers that have loaded the model and run calls.")
WORKER_STARTS = Metric(f"{_OURS}worker_starts_total", _C, _MODEL, "Workers started, the first ones too.")
WORKER_ENDS = Metric(f"{_OURS}worker_ends_total", _C, (*_MODEL, "reason"), "Workers that ended before the service did; `hang`: killed since a call took too long.")
RETRIES = Metric(f"{_OURS}retries_total", _C, _MODEL, "Calls that waited again because their worker had ended.")
LONG_CALLS = Metric(f"{_OURS}long_calls_total", _C, _MODEL, "Calls that took longer than RUNTIME_BUSY_UNHEALTHY.")
STATE_RESETS = Metric(f"{_OURS}state_resets_total", _C, _MODEL, "States of a stateful model that a client ended.")
STATE_LOSSES = Metric(f"{_OURS}state_losses_total", _C, _MODEL, "States of a stateful model that ended with their worker.")
LOAD_SECONDS = Metric(f"{_OURS}load_seconds", _G, _MODEL, "How long the model took to load, last.")
WARM_UP_SECONDS = Metric(f"{_OURS}warm_up_seconds", _G, _MODEL, "How long its warm-up took, last.")
MEMORY = Metric(f"{_OURS}memory_bytes", _G, (*_MODEL, "process"), "Memory of the front, and of all workers together; what workers share counts for each.")
MEMORY_USED = Metric(f"{_OURS}memory_used_bytes", _G, _MODEL, "Memory of the container that counts against its limit, so without the page cache; 0 where it has no limit.")
MEMORY_LIMIT = Metric(f"{_OURS}memory_limit_bytes", _G, _MODEL, "Memory that the container may use; the machine's, where it has no limit.")
CPU_SECONDS = Metric(f"{_OURS}cpu_seconds_total", _C, (*_MODEL, "process"), "CPU time of the front, and of all workers that there were.")
SEGMENTS = Metric(f"{_OURS}shared_memory_segments", _G, _MODEL, "Segments of memory that the front shares with workers, for large requests.")
SEGMENT_BYTES = Metric(f"{_OURS}shared_memory_bytes", _G, _MODEL, "Bytes of those segments.")
# fmt: on

ALL: Tuple[Metric, ...] = tuple(it for it in list(vars().values()) if isinstance(it, Metric))
