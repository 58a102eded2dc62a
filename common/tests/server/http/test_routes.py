import pytest
from echoes import echo

from serving_runtime import operations
from serving_runtime.operations import AnsweredBy
from serving_runtime.server.http.refusals import Refusal
from serving_runtime.server.http.routes import MAX_SEEN, RouteTable
from serving_runtime.server.transport import Routes

ROUTES = Routes({row: echo for row in operations.ALL if not row.is_stream}, {})
FOUND = [
    ("POST", "/v2/models/m/infer", "open_inference.rest_infer", "m", ""),
    ("POST", "/v2/models/m/versions/7/infer", "open_inference.rest_infer", "m", "7"),
    ("POST", "/v2/models/m/versions/0/infer", "open_inference.rest_infer", "m", "0"),
    ("GET", "/v2/models/m", "open_inference.rest_metadata", "m", ""),
    ("GET", "/v2/models/m/versions/1", "open_inference.rest_metadata", "m", "1"),
    ("GET", "/v2/models/m/versions", "open_inference.rest_versions", "m", ""),
    ("GET", "/v2/models/m/ready", "open_inference.rest_model_ready", "m", ""),
    ("GET", "/v2/models/m/versions/1/ready", "open_inference.rest_model_ready", "m", "1"),
    ("GET", "/v2/models/m/config", "open_inference.rest_config", "m", ""),
    ("GET", "/v2/models/m/stats", "open_inference.rest_statistics", "m", ""),
    ("GET", "/v2/models/stats", "open_inference.rest_statistics", "", ""),
    ("GET", "/v2/models", "open_inference.rest_models", "", ""),
    ("GET", "/v2", "open_inference.rest_server_metadata", "", ""),
    ("GET", "/v2/health/live", "open_inference.rest_live", "", ""),
    ("GET", "/v2/health/ready", "open_inference.rest_ready", "", ""),
    ("POST", "/v2/repository/index", "open_inference.rest_index", "", ""),
    ("POST", "/v1/models/m:predict", "tensorflow_serving.rest_predict", "m", ""),
    ("POST", "/V1/Models/m:Predict", "tensorflow_serving.rest_predict", "m", ""),
    ("POST", "/v1/models/a:b:predict", "tensorflow_serving.rest_predict", "a:b", ""),
    ("POST", "/v1/models/m/versions/3:predict", "tensorflow_serving.rest_predict", "m", "3"),
    ("POST", "/v1/models/m/versions/0:predict", "tensorflow_serving.rest_predict", "m", ""),
    ("POST", "/v1/models/m/labels/stable:predict", "tensorflow_serving.rest_predict", "m", ""),
    ("POST", "/v1/models/m/labels/new:predict", "tensorflow_serving.rest_predict", "m", "new"),
    ("POST", "/v1/models/m:classify", "tensorflow_serving.rest_classify", "m", ""),
    ("POST", "/v1/models/m:regress", "tensorflow_serving.rest_regress", "m", ""),
    ("GET", "/v1/models/m/metadata", "tensorflow_serving.rest_metadata", "m", ""),
    ("GET", "/v1/models/m/versions/2/metadata", "tensorflow_serving.rest_metadata", "m", "2"),
    ("GET", "/v1/models/m", "kserve_v1.model", "m", ""),
    ("GET", "/v1/models/m/versions/2", "kserve_v1.model", "m", "2"),
    ("GET", "/v1/models", "kserve_v1.models", "", ""),
    ("GET", "/", "http.root", "", ""),
    ("GET", "/livez", "http.livez", "", ""),
    ("HEAD", "/readyz", "http.readyz", "", ""),
    ("GET", "/healthz", "http.healthz", "", ""),
    ("GET", "/metrics", "http.metrics", "", ""),
    ("GET", "/openapi.json", "openapi.document", "", ""),
    ("GET", "/v2/models/%C3%A4%2Fb", "open_inference.rest_metadata", "\xe4/b", ""),
    ("GET", "/v2/models/%FF", "open_inference.rest_metadata", "\ufffd", ""),
]  # fmt: skip
ALIASES = {
    "sagemaker": [("GET", "/ping"), ("POST", "/invocations")],
    "mlflow": [("GET", "/ping"), ("GET", "/health"), ("POST", "/invocations")],
    "vertex": [("POST", "/predict"), ("GET", "/health")],
}


@pytest.fixture
def table(settings):
    """Return a function that makes the table, with some settings."""
    return lambda **changes: RouteTable(ROUTES, settings(**changes), lambda: "served")


def found(table, method, path):
    """Return what is found in a table, twice: the second time it has been seen."""
    first, second = (table.find(method.encode(), path.encode("latin-1")) for _ in range(2))
    assert first == second
    return first


@pytest.mark.parametrize(("method", "path", "key", "target", "version"), FOUND)
def test_what_is_asked_for(table, method, path, key, target, version):
    """By a method and a path, with the model and the version that are in it."""
    match = found(table(), method, path)
    assert match.operation.key == key
    assert match.target == target
    assert match.attributes == ({"model-version": version} if version else {})
    assert match.is_forwarded is match.operation.is_forwarded


def test_every_row_of_http_is_asked_for():
    """Each that needs no alias is in the list above."""
    expected = {
        row.key
        for row in operations.ALL
        if any(not route.aliases and "$" not in route.path for route in row.http_routes)
    }
    assert {key for _, _, key, _, _ in FOUND} == expected


def test_every_row_has_a_route_of_its_own():
    """No two rows share a method and a path, and each row is asked for by one transport."""
    routes = [(it.method, it.path) for row in operations.ALL for it in row.http_routes]
    assert len(routes) == len(set(routes))
    assert all(bool(row.grpc_method) is not bool(row.http_routes) for row in operations.ALL)


def test_only_reading_rows_are_read():
    """GET changes nothing and needs no body; what the model answers is posted."""
    for row in operations.ALL:
        if row.answered_by is AnsweredBy.MODEL:
            assert {route.method for route in row.http_routes} <= {"POST"}


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_are_there_when_they_are_switched_on(table, alias):
    """And not before."""
    with_alias = table(http_aliases=frozenset([alias]))
    for method, path in ALIASES[alias]:
        assert found(with_alias, method, path)
        with pytest.raises(Refusal):
            table().find(method.encode(), path.encode())


def test_a_host_may_choose_paths(table):
    """As Vertex AI does; also one that stands for something else."""
    chosen = table(aip_predict_route="/v1/models/m", aip_health_route="/v1/models/m")
    assert found(chosen, "POST", "/v1/models/m").operation is operations.REST_PREDICT
    assert found(chosen, "GET", "/v1/models/m").operation is operations.READYZ
    assert found(chosen, "GET", "/v1/models/n").operation is operations.V1_MODEL


@pytest.mark.parametrize(
    "path",
    ["/foo", "/v2/", "/v2/models/m/", "/v2/models//infer", "/v3", "*", "", "/v2/models/{model}",
     "/V2", "/v1/models/m/versions/", "/$AIP_PREDICT_ROUTE", "/v2/models/a/b/infer"],
)  # fmt: skip
def test_an_unknown_path_is_told_what_there_is(table, path):
    """With the model's own name, so that it can be copied."""
    if path == "/v2/models/{model}":
        assert found(table(), "GET", path).target == "{model}"
        return
    with pytest.raises(Refusal) as caught:
        table().find(b"GET", path.encode())
    assert caught.value.status == 404
    assert "POST /v2/models/served/infer" in caught.value.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v2/models/m/infer", "POST, OPTIONS"),
        ("GET", "/v1/models/m:predict", "POST, OPTIONS"),
        ("POST", "/v1/models/m", "GET, HEAD, OPTIONS"),
        ("DELETE", "/livez", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(table, method, path, allowed):
    """In words, and in the header that says so."""
    with pytest.raises(Refusal) as caught:
        table().find(method.encode(), path.encode())
    assert caught.value.status == 405
    assert ("allow", allowed) in caught.value.headers
    assert allowed in caught.value.text
    assert table().methods(path.encode()) == allowed


@pytest.mark.parametrize("verb", ["predct", "explain", "Predict "])
def test_an_unknown_verb_is_told_the_right_ones(table, verb):
    """And is no model's name, which only GET could ask for."""
    with pytest.raises(Refusal) as caught:
        table().find(b"POST", f"/v1/models/m:{verb}".encode())
    assert caught.value.status == 404
    assert "POST /v1/models/served:predict" in caught.value.text


def test_paths_that_clients_invent_take_no_memory(table):
    """What was seen is forgotten before it is too much."""
    invented = table()
    for number in range(3 * MAX_SEEN):
        found(invented, "GET", f"/v2/models/{number}")
    assert len(invented._seen) <= MAX_SEEN
