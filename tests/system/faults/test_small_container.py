import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.control_group import MemoryGroup
from tests.support.servers import SERVING, assert_bit_exact, failure, request

LIMIT_MIB = 256
LARGE = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
FIGURES = re.compile(
    r"memory: 256 MiB of the container, \d+ MiB in use; "
    r"RUNTIME_MAX_MESSAGE_BYTES (\d+) MiB, RUNTIME_MAX_QUEUE_BYTES (\d+) MiB"
)


@pytest.fixture
def group():
    """A control group with a limit of memory, where this process may make one."""
    try:
        made = MemoryGroup(LIMIT_MIB << 20)
    except OSError:
        pytest.skip("control groups (version 1) cannot be made here")
    yield made
    made.remove()


def test_limits_follow_from_the_container_s_memory(launch, obedient, dial, group):
    """They are told in one line, hold, and are named in the refusal of what is larger."""
    server = launch(obedient, prefix=group.prefix).wait_serving()
    server.wait_log("memory: ")
    message, queue = map(int, FIGURES.search(server.log).groups())
    assert 1 <= message < queue < LIMIT_MIB
    told = failure(dial(server, *LARGE), request("", [1.0] * ((message + 1) << 17)))
    assert told.status == "RESOURCE_EXHAUSTED"
    assert f"{message << 20}" in told.details or "larger than max" in told.details
    assert_bit_exact(dial(server))
    server.end()


def test_more_than_there_is_room_for_ends_neither_container_nor_worker(
    launch, obedient, dial, group
):
    """Large requests come all at once, again and again; each is answered or refused."""
    server = launch(obedient, prefix=group.prefix).wait_serving()
    server.wait_log("memory: ")
    before = server.workers
    message, _ = map(int, FIGURES.search(server.log).groups())
    # One of its rows is text: the rest of the request is as large as may be.
    payload = request("", [1.0] * (message << 16))
    with ThreadPoolExecutor(12) as pool:
        statuses = set(pool.map(lambda _: status(dial(server, *LARGE), payload), range(24)))
    assert statuses <= {"OK", "RESOURCE_EXHAUSTED"}
    assert "OK" in statuses
    assert (group.kills, server.workers, server.health()) == (0, before, SERVING)
    assert_bit_exact(dial(server))
    server.end()


def status(connection, payload):
    """Return the status of a call."""
    try:
        return failure(connection, payload, timeout=120).status
    except AssertionError:  # it was answered
        return "OK"


def test_limits_that_cannot_fit_are_the_user_s_own(launch, obedient, group):
    """They hold, and there is a warning."""
    server = launch(obedient, prefix=group.prefix, RUNTIME_MAX_MESSAGE_BYTES="200MiB")
    server.wait_serving().wait_log("RUNTIME_MAX_MESSAGE_BYTES 200 MiB")
    server.wait_log("as they are set may take")
    server.end()
