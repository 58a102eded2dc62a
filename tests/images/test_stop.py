import concurrent.futures
import threading

import grpc

from tests.images.containers import PUBLISHED, mounted
from tests.support.services import PREDICT, WATCH, Connection, HealthRequest, HealthResponse

CALLERS = 8
NOT_SERVING = 2


def watch(connection, leave):
    """Set an event when health is no longer SERVING, as clients' health checking would."""
    told = connection.channel.stream_stream(WATCH)(iter([HealthRequest().SerializeToString()]))
    for payload in told:
        if HealthResponse.FromString(payload).status == NOT_SERVING:
            break
    leave.set()


def call(address, request, leave, answered):
    """Call until told to leave; returns what failed."""
    with grpc.insecure_channel(address) as channel:
        predict = channel.unary_unary(PREDICT)
        while not leave.is_set():
            try:
                predict(request, timeout=10)
            except grpc.RpcError as error:
                return f"{error.code()}: {error.details()}"
            answered.release()
    return ""


def test_docker_stop_under_load_loses_no_call(run, model, sample):
    """`docker stop` ends with code 0 in its ten seconds, and no call of a watching client fails."""
    container = run(PUBLISHED, mounted(model))
    connection = Connection(container.address)
    connection.wait_until_serving()
    leave, answered = threading.Event(), threading.Semaphore(0)
    with concurrent.futures.ThreadPoolExecutor(CALLERS + 1) as pool:
        pool.submit(watch, connection, leave)
        callers = [
            pool.submit(call, container.address, sample, leave, answered) for _ in range(CALLERS)
        ]
        for _ in range(100):
            assert answered.acquire(timeout=10)
        container.stop()
    connection.channel.close()
    assert [caller.result() for caller in callers] == [""] * CALLERS
    assert container.state["ExitCode"] == 0, container.logs
