import hydro_serving_grpc as hs
from tests.support.processes import wait_until
from tests.support.servers import PREDICT, SERVING, Failure, assert_bit_exact, failure, request


def occupy(server, connection, waiting):
    """Keep the worker busy and let ``waiting`` calls wait; returns their futures."""
    call = connection.unary_unary(PREDICT, None, None)
    busy = call.future(request("note blocked then await gate"), timeout=60)
    wait_until(lambda: server.runs("blocked"), "the worker to be busy")
    return [busy, *(call.future(payload, timeout=60) for payload in waiting)]


def refused_once_full(connection, payload):
    """Call until the queue is full: calls in flight fill it in no order; returns the refusal."""
    refusals = []

    def is_refused():
        found = failure(connection, payload, timeout=0.2)
        refusals.append(found)
        return found.status == "RESOURCE_EXHAUSTED"

    wait_until(is_refused, "a refusal")
    return refusals[-1]


def finish(server, futures):
    """Release the worker, and check that all who waited are answered."""
    server.note("gate").touch()
    assert [future.code().name for future in futures] == ["OK"] * len(futures)


def test_a_full_queue_refuses_at_once_and_names_its_setting(serve, dial):
    """One call more than RUNTIME_MAX_QUEUE allows is refused; health and those who wait are not."""
    server = serve(RUNTIME_MAX_QUEUE="3")
    connection = dial(server)
    futures = occupy(server, connection, [request()] * 3)
    assert refused_once_full(connection, request()) == Failure(
        "RESOURCE_EXHAUSTED", "3 calls are waiting, as RUNTIME_MAX_QUEUE allows"
    )
    assert server.health() == SERVING
    finish(server, futures)
    assert_bit_exact(connection)


def test_the_queues_bytes_are_bounded(serve, dial):
    """Calls that wait may not hold more bytes than RUNTIME_MAX_QUEUE_BYTES, but one always fits."""
    server = serve(RUNTIME_MAX_QUEUE_BYTES="100KiB")
    connection = dial(server)
    large = request("", [1.0] * 10_000)
    assert len(large) > 80_000
    futures = occupy(server, connection, [large])
    status, details = refused_once_full(connection, large)
    assert status == "RESOURCE_EXHAUSTED"
    assert "RUNTIME_MAX_QUEUE_BYTES (102400)" in details
    futures += [connection.unary_unary(PREDICT, None, None).future(request(), timeout=60)]
    finish(server, futures)
    assert_bit_exact(connection)


def test_one_call_larger_than_the_queues_bytes_is_served(serve, dial):
    """A call that alone exceeds RUNTIME_MAX_QUEUE_BYTES is not locked out."""
    connection = dial(serve(RUNTIME_MAX_QUEUE_BYTES="1KiB"))
    assert connection.unary_unary(PREDICT, None, None)(request("", [1.0] * 10_000), timeout=30)


def test_a_place_in_the_queue_is_free_again_after_a_deadline(serve, dial):
    """A waiting call that expires leaves its place and its bytes to the next."""
    server = serve(RUNTIME_MAX_QUEUE="1")
    connection = dial(server)
    futures = occupy(server, connection, [])
    for _ in range(3):
        assert failure(connection, request(), timeout=0.2).status == "DEADLINE_EXCEEDED"
    finish(server, futures)


def test_a_call_that_its_client_gives_up_leaves_the_queue(serve, dial):
    """A cancelled call leaves its place to the next, and the model never sees it."""
    server = serve(RUNTIME_MAX_QUEUE="1")
    connection = dial(server)
    *futures, given_up = occupy(server, connection, [request("note unwanted")])
    refused_once_full(connection, request())
    given_up.cancel()
    wait_until(
        lambda: failure(connection, request(), timeout=0.2).status == "DEADLINE_EXCEEDED",
        "its place to be free",
    )
    finish(server, futures)
    assert_bit_exact(connection)
    assert server.runs("unwanted") == 0


def repeated(values):
    """Return a request in which one value stands for so many."""
    message = hs.PredictRequest()
    message.model_spec.signature_name = "infer"
    for name, dtype in (("what", hs.DT_STRING), ("x", hs.DT_DOUBLE)):
        message.inputs[name].dtype = dtype
        message.inputs[name].tensor_shape.dim.add(size=values)
    message.inputs["what"].string_val.append(b"")
    message.inputs["x"].double_val.append(3.0)
    return message.SerializeToString()


def test_repeated_values_grow_only_so_far(serve, dial):
    """A few bytes that stand for a tensor beyond RUNTIME_MAX_EXPANDED_BYTES are refused."""
    connection = dial(serve(RUNTIME_MAX_EXPANDED_BYTES="64KiB"))
    assert connection.unary_unary(PREDICT, None, None)(repeated(4096), timeout=30)
    status, details = failure(connection, repeated(4099))
    assert status == "RESOURCE_EXHAUSTED"
    assert "RUNTIME_MAX_EXPANDED_BYTES=65536" in details
    assert failure(connection, repeated(2**50)).status == "RESOURCE_EXHAUSTED"
    assert_bit_exact(connection)


def test_a_reply_over_the_size_limit_is_the_limits_fault(serve, dial):
    """A reply larger than RUNTIME_MAX_MESSAGE_BYTES gets RESOURCE_EXHAUSTED that names it."""
    connection = dial(serve(RUNTIME_MAX_MESSAGE_BYTES="16KiB"))
    status, details = failure(connection, repeated(4096))
    assert status == "RESOURCE_EXHAUSTED"
    assert "RUNTIME_MAX_MESSAGE_BYTES" in details
    assert_bit_exact(connection)
