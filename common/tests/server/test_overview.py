import json
import os

from fronts import Front

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.ipc.frames import NO_TIMINGS, Timings
from serving_runtime.server.metrics.counters import Served
from serving_runtime.server.overview import Overview
from serving_runtime.server.transport import Request


def ask(front):
    """Return the numbers of a front, as the page reads them."""
    request = Request(operations.PAGE_NUMBERS, b"", "", None, None, None)
    reply = Overview(front.counters, front.gauges).answer(request)
    assert reply.attributes == {"content-type": "application/json"}
    return json.loads(reply.payload)


def test_calls_are_counted_and_questions_are_not():
    """What a worker has read and answered; what failed; and how long it took."""
    front = Front()
    model = front.counters.model
    model.know(["a", "b"])
    model.note(0, Status.OK, -1.0, NO_TIMINGS, 0, 0)
    model.note(0, Status.RESOURCE_EXHAUSTED, -1.0, NO_TIMINGS, 0, 0)
    model.note(1, Status.OK, 0.5, Timings(0.25, 0.5, 2.0, 0.75, 3, 1, 0), 0, 0)
    model.note(2, Status.OK, 0.0, Timings(0, 0, 1.0, 0, 5, 2, 0), 0, 0)
    model.note(2, Status.INVALID_ARGUMENT, 0.0, Timings(0.125, 0, 0, 0, 0, 0, 0), 0, 0)
    found = ask(front)
    assert (found["answered"], found["failed"], found["rows"]) == (2, 2, 8)
    assert (found["seconds"], found["model_seconds"]) == (5.125, 3.0)


def test_calls_of_a_signature_without_a_name_are_counted():
    """Its name is that of no signature, too."""
    front = Front()
    front.counters.model.know([""])
    front.counters.model.note(1, Status.OK, 0.0, Timings(0, 0, 1.0, 0, 1, 1, 0), 0, 0)
    assert ask(front)["answered"] == 1


def test_what_serves_is_named_and_measured():
    """The framework once a worker has said which, and the moment's gauges."""
    front = Front()
    front.counters.served = Served("sklearn", "1.9.1")
    front.gauges = front.gauges._replace(worker_processes=lambda: [os.getpid()])
    found = ask(front)
    assert (found["framework"], found["framework_version"]) == ("sklearn", "1.9.1")
    assert (found["running"], found["waiting"], found["workers"]) == (1, 2, 1)
    assert found["memory_bytes"] > 2 << 20
