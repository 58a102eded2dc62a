"""The rows of what is asked for by HTTP.

See: inference_rest.md of https://github.com/kserve/open-inference-protocol, and
tensorflow_serving/g3doc/api_rest.md of https://github.com/tensorflow/serving
"""

from typing import Tuple

from serving_runtime.operations.operation import AnsweredBy, ErrorForm, HttpRoute, Operation

_V2 = "/v2/models/{model}"
_V1 = "/v1/models/{model}"
_V1_MODELS = (_V1, f"{_V1}/versions/{{version}}", f"{_V1}/labels/{{label}}")


def _rest(
    key: str,
    answered_by: AnsweredBy,
    routes: Tuple[HttpRoute, ...],
    is_health: bool = False,
) -> Operation:
    return Operation(
        key,
        answered_by,
        may_retry=answered_by is not AnsweredBy.FRONT,
        error_form=ErrorForm.ERROR_OBJECT,
        is_health=is_health,
        http_routes=routes,
    )


def _v2(method: str, what: str) -> Tuple[HttpRoute, ...]:
    return (
        HttpRoute(method, f"{_V2}{what}"),
        HttpRoute(method, f"{_V2}/versions/{{version}}{what}"),
    )


def _v1(method: str, what: str) -> Tuple[HttpRoute, ...]:
    return tuple(HttpRoute(method, f"{path}{what}") for path in _V1_MODELS)


def _get(path: str, *aliases: str) -> HttpRoute:
    return HttpRoute("GET", path, aliases)


REST_INFER = _rest("open_inference.rest_infer", AnsweredBy.MODEL, _v2("POST", "/infer"))
REST_MODEL_METADATA = _rest("open_inference.rest_metadata", AnsweredBy.CONTRACT, _v2("GET", ""))
REST_MODEL_CONFIG = _rest("open_inference.rest_config", AnsweredBy.CONTRACT, _v2("GET", "/config"))
REST_MODEL_STATISTICS = _rest(
    "open_inference.rest_statistics",
    AnsweredBy.CONTRACT,
    (_get("/v2/models/stats"), *_v2("GET", "/stats")),
)
REST_REPOSITORY_INDEX = _rest(
    "open_inference.rest_index",
    AnsweredBy.CONTRACT,
    (HttpRoute("POST", "/v2/repository/index"),),
)
REST_PREDICT = _rest(
    "tensorflow_serving.rest_predict",
    AnsweredBy.MODEL,
    (
        *_v1("POST", ":predict"),
        HttpRoute("POST", "$AIP_PREDICT_ROUTE"),
        HttpRoute("POST", "/predict", ("vertex",)),
    ),
)
REST_CLASSIFY = _rest(
    "tensorflow_serving.rest_classify", AnsweredBy.MODEL, _v1("POST", ":classify")
)
REST_REGRESS = _rest("tensorflow_serving.rest_regress", AnsweredBy.MODEL, _v1("POST", ":regress"))
REST_GET_MODEL_METADATA = _rest(
    "tensorflow_serving.rest_metadata", AnsweredBy.CONTRACT, _v1("GET", "/metadata")
)
INVOCATIONS = _rest(
    "tabular.invocations",
    AnsweredBy.MODEL,
    (HttpRoute("POST", "/invocations", ("sagemaker", "mlflow")),),
)
OPENAPI = _rest("openapi.document", AnsweredBy.CONTRACT, (_get("/openapi.json"),))

REST_SERVER_METADATA = _rest(
    "open_inference.rest_server_metadata", AnsweredBy.FRONT, (_get("/v2"),)
)
REST_MODELS = _rest("open_inference.rest_models", AnsweredBy.FRONT, (_get("/v2/models"),))
REST_VERSIONS = _rest("open_inference.rest_versions", AnsweredBy.FRONT, (_get(f"{_V2}/versions"),))
REST_LIVE = _rest(
    "open_inference.rest_live", AnsweredBy.FRONT, (_get("/v2/health/live"),), is_health=True
)
REST_READY = _rest(
    "open_inference.rest_ready", AnsweredBy.FRONT, (_get("/v2/health/ready"),), is_health=True
)
REST_MODEL_READY = _rest(
    "open_inference.rest_model_ready", AnsweredBy.FRONT, _v2("GET", "/ready"), is_health=True
)
V1_MODELS = _rest("kserve_v1.models", AnsweredBy.FRONT, (_get("/v1/models"),))
V1_MODEL = _rest("kserve_v1.model", AnsweredBy.FRONT, _v1("GET", ""))
LIVEZ = _rest("http.livez", AnsweredBy.FRONT, (_get("/livez"),), is_health=True)
READYZ = _rest(
    "http.readyz",
    AnsweredBy.FRONT,
    (_get("/readyz"), _get("$AIP_HEALTH_ROUTE")),
    is_health=True,
)
HEALTHZ = _rest("http.healthz", AnsweredBy.FRONT, (_get("/healthz"),), is_health=True)
PING = _rest(
    "http.ping",
    AnsweredBy.FRONT,
    (_get("/ping", "sagemaker", "mlflow"), _get("/health", "mlflow", "vertex")),
    is_health=True,
)
METRICS = _rest("http.metrics", AnsweredBy.FRONT, (_get("/metrics"),))
# Balancers ask for it by default, and KServe's clients: whether the service is alive.
ROOT = _rest("http.root", AnsweredBy.FRONT, (_get("/"),), is_health=True)

ROWS: Tuple[Operation, ...] = (
    REST_INFER,
    REST_MODEL_METADATA,
    REST_MODEL_CONFIG,
    REST_MODEL_STATISTICS,
    REST_REPOSITORY_INDEX,
    REST_PREDICT,
    REST_CLASSIFY,
    REST_REGRESS,
    REST_GET_MODEL_METADATA,
    INVOCATIONS,
    OPENAPI,
    REST_SERVER_METADATA,
    REST_MODELS,
    REST_VERSIONS,
    REST_LIVE,
    REST_READY,
    REST_MODEL_READY,
    V1_MODELS,
    V1_MODEL,
    LIVEZ,
    READYZ,
    HEALTHZ,
    PING,
    METRICS,
    ROOT,
)
