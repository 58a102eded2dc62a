from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.server.metrics.transports import UNKNOWN, GrpcCounts, HttpCounts


def test_every_method_is_there_before_its_first_call():
    """So that a rate of its errors is 0, and no gap."""
    counts = GrpcCounts()
    rows = [row for row in operations.ALL if row.grpc_method]
    assert len(counts.methods) == len(rows) + 1
    assert all(method.started == sum(method.codes) == 0 for method in counts.methods.values())


def test_a_call_is_started_and_ends_once():
    """By its method and its status."""
    counts = GrpcCounts()
    method = counts.of(operations.PREDICT)
    method.started += 1
    method.end(Status.OK, 0.5)
    method.refuse(Status.UNAUTHENTICATED)
    found = counts.methods["unary", "tensorflow.serving.PredictionService", "Predict"]
    assert (found.started, found.codes[Status.OK], found.codes[Status.UNAUTHENTICATED]) == (2, 1, 1)
    assert found.seconds.distribution().buckets[-1] == 2


def test_what_is_not_in_the_table_is_unknown():
    """Whatever it is called."""
    counts = GrpcCounts()
    foreign = operations.PREDICT._replace(key="foreign", grpc_method="/a.B/C")
    assert counts.of(foreign) is counts.methods["unary", UNKNOWN, UNKNOWN]


def test_a_route_has_the_statuses_that_are_usual():
    """Another one comes with the first answer that has it."""
    counts = HttpCounts()
    requests = counts.of(operations.REST_INFER, "POST", "/v2/models/{model}/infer")
    assert {200, 400, 500, 503} <= set(requests.by_status)
    requests.end(413, 0.1)
    assert requests.by_status[413].distribution().buckets[-1] == 1
    assert counts.of(operations.REST_INFER, "POST", "/v2/models/{model}/infer") is requests
    assert 500 not in counts.of(operations.READYZ, "GET", "/readyz").by_status
