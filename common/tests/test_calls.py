import asyncio
import io
import logging
import threading

import pytest

from serving_runtime import calls, logs
from serving_runtime.calls import _PerTask

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "baggage": "who=me"}


@pytest.fixture(autouse=True)
def leave():
    """Leave no call behind in this thread."""
    yield
    calls.enter(calls.NONE)


def entered(*request_ids):
    """Return what is noted of calls that are part of no trace."""
    return tuple((request_id, {}) for request_id in request_ids)


def test_a_model_sees_the_calls_that_it_answers():
    """Their ids, and what of the trace is to be sent on; not what else the transport knows."""
    calls.enter((("abc", {**TRACE, "accept": "*/*"}), ("def", {})))
    first, second = calls.current()
    assert (first.request_id, first.trace, first.trace_id) == ("abc", TRACE, TRACE_ID)
    assert (second.request_id, second.trace, second.trace_id) == ("def", {}, "")
    calls.enter(calls.NONE)
    assert calls.current() == ()


def test_lines_of_a_call_have_its_id():
    """Both the user's and our own; an id that a line has already stays."""
    written = io.StringIO()
    logs.configure("info", "text", written)
    logging.getLogger("users").info("before")
    calls.enter(entered("abc"))
    logging.getLogger("users").info("within")
    logs.get_logger("ours").info("failed", extra={"fields": {"id": "own", "rows": 3}})
    calls.enter(calls.NONE)
    logging.getLogger("users").info("after")
    lines = [line.partition(": ")[2] for line in written.getvalue().splitlines()]
    assert lines == ["before", "within id=abc", "failed id=own rows=3", "after"]


def test_json_lines_have_it_as_a_member():
    """A machine finds the lines of a call by it, and those of a trace."""
    written = io.StringIO()
    logs.configure("info", "json", written)
    calls.enter((("abc", TRACE), ("def", {})))
    logging.getLogger("users").info("m")
    assert '"id": "abc,def"' in written.getvalue()
    assert f'"trace_id": "{TRACE_ID}"' in written.getvalue()


def test_calls_that_are_answered_together_are_named_together():
    """Up to a bound, so that lines stay readable."""
    calls.enter(entered("a", "b"))
    assert calls.ids() == "a,b"
    calls.enter(entered(*map(str, range(64))))
    assert calls.ids() == "0,1,2,3,4,5,6,7,+56"
    assert calls.trace_ids() == ""


def running_task():
    """Return the running task, on newer Pythons than 3.6."""
    return asyncio.current_task() if asyncio._get_running_loop() else None


def run_in_a_loop(coroutine):
    """Run a coroutine to its end."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()


@pytest.mark.parametrize("variable", [calls._current, _PerTask()])
def test_tasks_and_threads_have_their_own(variable, monkeypatch):
    """Whatever runs beside them."""
    if hasattr(asyncio, "current_task"):  # not on 3.6, for which the other way is
        monkeypatch.setattr(calls, "_running_task", running_task)
    seen = {}

    async def task(name):
        variable.set(entered(name))
        await asyncio.sleep(0)
        seen[name] = variable.get()

    async def both():
        await asyncio.gather(task("a"), task("b"))

    def thread(name):
        variable.set(entered(name))
        seen[name] = variable.get()

    variable.set(entered("here"))
    run_in_a_loop(both())
    other = threading.Thread(target=thread, args=("c",))
    other.start()
    other.join()
    assert seen == {name: entered(name) for name in "abc"}
    assert variable.get() == entered("here")
    variable.set(calls.NONE)
