from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import MODEL_VERSION, STATISTICS
from serving_runtime.ipc.frames import Timings
from serving_runtime.ipc.totals import read_totals
from serving_runtime.operations import REST_MODEL_STATISTICS
from serving_runtime.server.metrics.calls import ModelCalls
from serving_runtime.server.model_statistics import with_totals
from serving_runtime.server.transport import Request


def test_a_question_brings_what_was_counted():
    """As it is when it comes, beside what the request says itself."""
    calls, seen = ModelCalls(), []
    calls.know(["s"])
    answer = with_totals(seen.append, calls)
    asked = Request(REST_MODEL_STATISTICS, b"", "", None, None, None, "m", {MODEL_VERSION: "1"})
    answer(asked)
    calls.note(1, Status.OK, 0.0, Timings(0, 0, 2.0, 0, 8, 4, 0), 0, 0, 1.0)
    answer(asked)
    first, second = (read_totals(request.attributes.pop(STATISTICS)) for request in seen)
    assert (first.answered, second.answered, second.rows) == (0, 1, 8)
    assert [request.attributes for request in seen] == [{MODEL_VERSION: "1"}] * 2
