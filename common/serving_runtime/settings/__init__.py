"""Read every setting from environment variables; a bad value stops the start."""

import os
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.errors import SettingError
from serving_runtime.settings import parsing
from serving_runtime.settings.parsing import Parser


class Setting(NamedTuple):
    """One setting: the variable that holds it, how it is read, and what it means.

    ``former`` is the name of the variable in earlier releases, empty if it had no other; ``hosts``
    is that of a host of models, which counts where the setting's own is unset.
    """

    variable: str
    attribute: str
    parser: Parser
    default: str
    meaning: str
    former: str = ""
    hosts: str = ""

    @property
    def names(self) -> Tuple[str, ...]:
        """Return the variables that set it, today's name first."""
        return tuple(it for it in (self.variable, self.former, self.hosts) if it)


class Source(NamedTuple):
    """A setting's text in force, and where it came from: ``default`` or ``environment``.

    ``variable`` is the name by which it was set, today's or the former one.
    """

    setting: Setting
    text: str
    origin: str
    variable: str

    @property
    def is_default(self) -> bool:
        """Whether nothing sets it."""
        return self.origin == "default"


class Settings(NamedTuple):
    """All settings of a service, read and checked. Times in seconds, sizes in bytes."""

    port: int
    host: str
    grpc_socket: str
    http_port: Optional[int]
    http_socket: str
    metrics_port: Optional[int]
    open_metrics: bool
    metrics_bounds: Tuple[float, ...]
    http_aliases: FrozenSet[str]
    http_idle_seconds: float
    http_max_connections: int
    cors_origins: FrozenSet[str]
    aip_predict_route: str
    aip_health_route: str
    model_dir: str
    model_name: str
    workers: int
    threads: int
    concurrency: int
    max_batch_rows: int
    batch_delay_seconds: float
    max_message_bytes: int
    max_expanded_bytes: int
    max_queue_calls: int
    max_queue_bytes: int
    max_shared_bytes: int
    max_connection_calls: int
    request_timeout_seconds: float
    hang_grace_seconds: float
    busy_unhealthy_seconds: float
    poison_ttl_seconds: float
    load_timeout_seconds: float
    drain_delay_seconds: float
    drain_timeout_seconds: float
    connection_age_seconds: float
    tls_cert: str
    tls_key: str
    tls_client_ca: str
    token_file: str
    open_health: bool
    grpc_transport: str
    cast: str
    contract: str
    warm_up: str
    stateful: str
    reply_model_spec: bool
    error_detail: str
    log_level: str
    log_format: str
    log_calls: str
    slow_call_seconds: float
    log_payload_bytes: int
    debug: bool
    unset: FrozenSet[str] = frozenset()
    """The attributes that have their default since nothing sets them."""

    @property
    def max_batch_calls(self) -> int:
        """Most calls that a worker is given at a time: the front cannot know how many rows each has.

        By RUNTIME_MAX_BATCH_SIZE too, since a call has one row at least.
        """
        return self.max_batch_rows

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings from environment variables.

        Raises:
            SettingError: a value cannot be read; the text names it and the form expected.
        """
        unset = {it.setting.attribute for it in sources(SETTINGS, environ) if it.is_default}
        return cls(**read(SETTINGS, environ), unset=frozenset(unset))


# fmt: off
SETTINGS: Tuple[Setting, ...] = (
    Setting("APP_PORT", "port", parsing.PORT, "9090", "Port of the gRPC service; 0 takes a free one."),
    Setting("RUNTIME_HOST", "host", parsing.TEXT, "[::]", "Address to listen on; the default means every one, IPv4 and IPv6."),
    Setting("RUNTIME_GRPC_SOCKET", "grpc_socket", parsing.SOCKET_PATH, "", "Path of a Unix domain socket to serve gRPC on as well, for clients on the same machine (`--address unix:PATH`); only its owner and group may connect (mode 0660)."),
    Setting("RUNTIME_HTTP_PORT", "http_port", parsing.PORT_OR_OFF, "8080", "Port of the HTTP service; 0 takes a free one, `off` serves gRPC alone. Where the default is taken, or is APP_PORT, gRPC alone is served, with a warning. AIP_HTTP_PORT, which Vertex AI sets, counts where it is unset.", hosts="AIP_HTTP_PORT"),
    Setting("RUNTIME_HTTP_SOCKET", "http_socket", parsing.SOCKET_PATH, "", "Path of a Unix domain socket to serve HTTP on as well (`curl --unix-socket PATH`); only its owner and group may connect (mode 0660)."),
    Setting("RUNTIME_METRICS_PORT", "metrics_port", parsing.PORT_OR_OFF, "off", "Port of its own for `/metrics`; 0 takes a free one, `off` leaves it on the HTTP port."),
    Setting("RUNTIME_OPEN_METRICS", "open_metrics", parsing.SWITCH, "0", "Whether `/metrics` needs no token where calls do."),
    Setting("RUNTIME_METRICS_BUCKETS", "metrics_bounds", parsing.BOUNDS, "0.25ms,0.5ms,1ms,2.5ms,5ms,10ms,25ms,50ms,100ms,250ms,500ms,1s,2.5s,5s,10s,60s", "Largest times of the histograms' buckets in the metrics, separated by commas."),
    Setting("RUNTIME_HTTP_ALIASES", "http_aliases", parsing.HTTP_ALIASES, "", "Paths of other hosts of models, beside the usual ones: any of `sagemaker` (`/ping`, `/invocations`), `vertex` (`/predict`, `/health`) and `mlflow` (`/invocations`, `/ping`, `/health`), separated by commas."),
    Setting("RUNTIME_HTTP_IDLE_TIMEOUT", "http_idle_seconds", parsing.POSITIVE_SECONDS, "75s", "How long a client's HTTP connection may be idle between two requests; longer than proxies keep theirs, so that none is closed while a request comes."),
    Setting("RUNTIME_HTTP_MAX_CONNECTIONS", "http_max_connections", parsing.POSITIVE, "4096", "Most HTTP connections at a time; for one more an idle one is closed, and where none is idle it is answered 503, but for health."),
    Setting("RUNTIME_CORS_ORIGINS", "cors_origins", parsing.ORIGINS, "", "Pages that may call by HTTP from a browser, such as `https://example.org`, separated by commas, or `*` for all; without it only the service's own may."),
    Setting("AIP_PREDICT_ROUTE", "aip_predict_route", parsing.PATH_OF_URL, "", "Path by which Vertex AI asks for predictions, which it sets."),
    Setting("AIP_HEALTH_ROUTE", "aip_health_route", parsing.PATH_OF_URL, "", "Path by which Vertex AI asks for readiness, which it sets."),
    Setting("MODEL_DIR", "model_dir", parsing.FILE, "", "The model directory; by default `/model`, or `/mnt/models` if only that exists."),
    Setting("MODEL_NAME", "model_name", parsing.TEXT, "", "What the model is called where clients ask for it by name (Open Inference); by default the contract's `model_name`, else the model directory's name (but for `/model` and `/mnt/models`), else `model`. The contract's name answers too."),
    Setting("RUNTIME_WORKERS", "workers", parsing.COUNT, "1", "Worker processes; where the framework allows it they share one loaded model; 0 runs the model inside the front's process, for debugging."),
    Setting("RUNTIME_THREADS", "threads", parsing.COUNT, "0", "CPU threads of each worker (`OMP_NUM_THREADS` and the like, unless those are set); 0 shares the container's CPUs among the workers."),
    Setting("RUNTIME_CONCURRENCY", "concurrency", parsing.AUTO_COUNT, "auto", "How many calls of its model a worker runs at once: functions that are `async def` on one event loop, others in threads where the framework allows it (whether Python functions may run so, their author knows). `auto`: 64 where there are `async def` functions, whose plain neighbours run one at a time, else 1. Stateful models run one call at a time whatever it is."),
    Setting("RUNTIME_MAX_BATCH_SIZE", "max_batch_rows", parsing.POSITIVE, "64", "Most rows that are stacked into one call of the model; 1 switches stacking off."),
    Setting("RUNTIME_BATCH_DELAY", "batch_delay_seconds", parsing.SECONDS, "0s", "How long a free worker waits for more requests to stack; by default it takes what is there."),
    Setting("RUNTIME_MAX_MESSAGE_BYTES", "max_message_bytes", parsing.MESSAGE_SIZE, "256MiB", "Largest request and largest reply; by default less where the memory of the container, or of the machine, has no room for so much."),
    Setting("RUNTIME_MAX_EXPANDED_BYTES", "max_expanded_bytes", parsing.SIZE, "16MiB", "Most memory that one request's repeated values (one value standing for a whole tensor) may grow to."),
    Setting("RUNTIME_MAX_QUEUE", "max_queue_calls", parsing.POSITIVE, "1024", "Most calls that wait for a worker; one more is refused with RESOURCE_EXHAUSTED."),
    Setting("RUNTIME_MAX_QUEUE_BYTES", "max_queue_bytes", parsing.SIZE, "512MiB", "Most bytes of calls that wait for a worker; one call always fits. By default less where there is no room for so much."),
    Setting("RUNTIME_MAX_SHARED_BYTES", "max_shared_bytes", parsing.SIZE, "128MiB", "Most shared memory for large requests to a worker, and as much for its replies; what finds no room goes through a socket. By default less where there is no room for so much."),
    Setting("RUNTIME_MAX_CONNECTION_CALLS", "max_connection_calls", parsing.POSITIVE, "1000", "Most calls at a time on one connection; its client keeps further ones back until one is answered."),
    Setting("RUNTIME_REQUEST_TIMEOUT", "request_timeout_seconds", parsing.POSITIVE_SECONDS, "10min", "Deadline of a call whose client sets none, and the longest that a client may set."),
    Setting("RUNTIME_HANG_GRACE", "hang_grace_seconds", parsing.SECONDS, "2s", "How long after a call's deadline a worker may stay busy with it before it is killed and replaced; more than the slowest call takes."),
    Setting("RUNTIME_BUSY_UNHEALTHY", "busy_unhealthy_seconds", parsing.AUTO_SECONDS, "auto", "How long every worker may be busy without an answer before readiness says NOT_SERVING (liveness stays SERVING); a call that takes as long is logged and counted. `auto`: three times as long as the slowest calls so far, and 60s at least."),
    Setting("RUNTIME_POISON_TTL", "poison_ttl_seconds", parsing.SECONDS, "10min", "How long a request that has ended two workers is refused if it comes again, byte for byte; 0 always tries it.", former="RUNTIME_POISON_MEMORY"),
    Setting("RUNTIME_LOAD_TIMEOUT", "load_timeout_seconds", parsing.POSITIVE_SECONDS, "10min", "How long a worker may take to load the model."),
    Setting("RUNTIME_DRAIN_DELAY", "drain_delay_seconds", parsing.SECONDS, "2s", "How long the service goes on taking new connections after SIGTERM, while clients learn that it is NOT_SERVING."),
    Setting("RUNTIME_DRAIN_TIMEOUT", "drain_timeout_seconds", parsing.SECONDS, "20s", "Longest time to finish running calls and to close the model after SIGTERM."),
    Setting("RUNTIME_CONNECTION_AGE", "connection_age_seconds", parsing.POSITIVE_SECONDS, "30s", "Age at which a client's connection is asked to move (nothing is lost from 1s on); after SIGTERM this bounds how long clients stay that go on calling; others leave within seconds."),
    Setting("RUNTIME_TLS_CERT", "tls_cert", parsing.FILE, "", "File (PEM) of the certificate that the service shows, with those between it and its CA; switches TLS on. Read again when it changes, as are the next three."),
    Setting("RUNTIME_TLS_KEY", "tls_key", parsing.FILE, "", "File (PEM) of the certificate's private key, without a password."),
    Setting("RUNTIME_TLS_CLIENT_CA", "tls_client_ca", parsing.FILE, "", "File (PEM) of the CAs whose certificates clients must show; without it they need none."),
    Setting("RUNTIME_TOKEN_FILE", "token_file", parsing.FILE, "", "File of bearer tokens, one a line: calls need one of them as `authorization: Bearer TOKEN`; without it they need none."),
    Setting("RUNTIME_OPEN_HEALTH", "open_health", parsing.SWITCH, "1", "Whether health checks (`grpc.health.v1.Health`, Open Inference's `ServerLive`, `ServerReady` and `ModelReady`, and by HTTP `/livez`, `/readyz`, `/healthz`, `/`, `/v2/health/live`, `/v2/health/ready` and a model's `/ready`) need no token."),
    Setting("RUNTIME_GRPC_TRANSPORT", "grpc_transport", parsing.one_of("auto", "completion_queue", "asyncio"), "auto", "What accepts gRPC's calls: `completion_queue` drives grpcio's core directly, and is faster; `asyncio` is grpcio's public server; `auto` takes the first if a trial call at the start succeeds, else the second.", former="RUNTIME_LISTENER"),
    Setting("RUNTIME_CAST", "cast", parsing.one_of("same_kind", "strict"), "same_kind", "`same_kind` converts inputs within a kind where no value is lost; `strict` refuses every other dtype."),
    Setting("RUNTIME_CONTRACT", "contract", parsing.one_of("lenient", "strict"), "lenient", "`strict` refuses to start if the contract's shapes contradict the model's own; `lenient` warns and checks the model's."),
    Setting("RUNTIME_WARM_UP", "warm_up", parsing.one_of("auto", "on", "off"), "auto", "Whether to call each signature once on zeros before SERVING; `auto` leaves it to the framework. Never done for stateful models."),
    Setting("RUNTIME_STATEFUL", "stateful", parsing.ONE_SEQUENCE, "auto", "Whether the calls of all clients are one sequence, since each may change what the next one answers: `1` runs them one at a time, in the order of arrival, on one worker, never stacked and without a warm-up; `auto` does so where the framework sees that calls change the model; `0` overrules what it sees, where the order does not matter."),
    Setting("RUNTIME_REPLY_MODEL_SPEC", "reply_model_spec", parsing.SWITCH, "0", "Whether replies say which model, version and signature answered, as TensorFlow Serving's do; to Hydrosphere's clients that is an unknown field."),
    Setting("RUNTIME_ERROR_DETAIL", "error_detail", parsing.one_of("full", "none"), "full", "`none` hides from clients what the model raised."),
    Setting("RUNTIME_LOG_LEVEL", "log_level", parsing.one_of("debug", "info", "warning", "error"), "info", "Least severe level that is logged."),
    Setting("RUNTIME_LOG_FORMAT", "log_format", parsing.one_of("text", "json"), "text", "One line of text or of JSON for each record."),
    Setting("RUNTIME_LOG_CALLS", "log_calls", parsing.LOGGED_CALLS, "failed", "Which calls get a line in the log: `failed` are also those slower than `RUNTIME_SLOW_CALL`; health checks never do."),
    Setting("RUNTIME_SLOW_CALL", "slow_call_seconds", parsing.SECONDS, "1s", "A call that takes longer from its arrival to its answer is logged like a failed one; 0 calls none slow."),
    Setting("RUNTIME_LOG_PAYLOADS", "log_payload_bytes", parsing.PAYLOAD_SIZE, "off", "For debugging: the most bytes of a request and of its reply that stand in a call's line of the log, as text or in base64. What is private in them is logged then."),
    Setting("RUNTIME_DEBUG", "debug", parsing.SWITCH, "0", "Whether the service checks its own rules while it runs, such as who may change what; for those who change its code."),
)
# fmt: on


def read(settings: Tuple[Setting, ...], environ: Mapping[str, str]) -> Dict[str, Any]:
    """Read ``settings`` into a dict by attribute.

    Raises:
        SettingError: names the variable, its value, the form expected and a likely cause.
    """
    return {
        source.setting.attribute: _value(source, environ) for source in sources(settings, environ)
    }


def sources(settings: Tuple[Setting, ...], environ: Mapping[str, str]) -> List[Source]:
    """Return the text in force of each setting and where it came from; an empty one is unset."""
    return [_source(setting, environ) for setting in settings]


def unknown_variables(settings: Tuple[Setting, ...], environ: Mapping[str, str]) -> List[str]:
    """List the ``RUNTIME_…`` variables that are set but that no setting reads: likely typos."""
    known = {name for setting in settings for name in setting.names}
    return sorted(name for name in environ if name.startswith("RUNTIME_") and name not in known)


def former_names(settings: Tuple[Setting, ...], environ: Mapping[str, str]) -> List[str]:
    """Return a warning for each variable that is set by the name it had in earlier releases."""
    return [
        f"{setting.former} is called {setting.variable} now; the old name goes on working"
        for setting in settings
        if setting.former and environ.get(setting.former)
    ]


def default_model_dir() -> str:
    """Return ``/model``, or KServe's ``/mnt/models`` if only that one exists."""
    only_kserve = os.path.isdir("/mnt/models") and not os.path.isdir("/model")
    return "/mnt/models" if only_kserve else "/model"


def _source(setting: Setting, environ: Mapping[str, str]) -> Source:
    for name in setting.names:
        if environ.get(name):
            return Source(setting, environ[name], "environment", name)
    return Source(setting, setting.default, "default", setting.variable)


def _value(source: Source, environ: Mapping[str, str]) -> Any:
    setting, text, _, variable = source
    other = environ.get(setting.former)
    if other and other != text:
        raise SettingError(
            f"{variable}={text!r} and {setting.former}={other!r} are one setting",
            f"leave out {setting.former}, its former name",
        )
    try:
        return setting.parser.parse(text)
    except ValueError:
        raise SettingError(_complaint(source), _remedy(setting, text)) from None


def _complaint(source: Source) -> str:
    form = source.setting.parser.form
    return f"{source.variable}={source.text!r} cannot be read: expected {form}"


def _remedy(setting: Setting, text: str) -> str:
    if setting.variable == "APP_PORT" and text.startswith("tcp://"):
        return (
            "Kubernetes injects APP_PORT for a Service that is named 'app': rename the Service, "
            "set enableServiceLinks: false, or set APP_PORT in the pod's own env"
        )
    return f"for example {setting.variable}={setting.default}" if setting.default else ""
