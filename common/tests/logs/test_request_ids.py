import asyncio
import io
import logging
import threading

import pytest

from serving_runtime import logs
from serving_runtime.logs import request_ids
from serving_runtime.logs.request_ids import _PerTask


@pytest.fixture(autouse=True)
def leave():
    """Leave no id behind in this thread."""
    yield
    request_ids.enter("")


def test_lines_of_a_call_have_its_id():
    """Both the user's and our own; an id that a line has already stays."""
    written = io.StringIO()
    logs.configure("info", "text", written)
    logging.getLogger("users").info("before")
    request_ids.enter("abc")
    logging.getLogger("users").info("within")
    logs.get_logger("ours").info("failed", extra={"fields": {"id": "own", "rows": 3}})
    request_ids.enter("")
    logging.getLogger("users").info("after")
    lines = [line.partition(": ")[2] for line in written.getvalue().splitlines()]
    assert lines == ["before", "within id=abc", "failed id=own rows=3", "after"]


def test_json_lines_have_it_as_a_member():
    """A machine finds the lines of a call by it."""
    written = io.StringIO()
    logs.configure("info", "json", written)
    request_ids.enter("abc")
    logging.getLogger("users").info("m")
    assert '"id": "abc"' in written.getvalue()


def test_calls_that_are_answered_together_are_named_together():
    """Up to a bound, so that lines stay readable."""
    request_ids.enter_all(["a", "b"])
    assert request_ids.current() == "a,b"
    request_ids.enter_all(str(number) for number in range(64))
    assert request_ids.current() == "0,1,2,3,4,5,6,7,+56"


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


@pytest.mark.parametrize("variable", [request_ids._current, _PerTask()])
def test_tasks_and_threads_have_their_own(variable, monkeypatch):
    """Whatever runs beside them."""
    if hasattr(asyncio, "current_task"):  # not on 3.6, for which the other way is
        monkeypatch.setattr(request_ids, "_running_task", running_task)
    seen = {}

    async def task(name):
        variable.set(name)
        await asyncio.sleep(0)
        seen[name] = variable.get()

    async def both():
        await asyncio.gather(task("a"), task("b"))

    def thread(name):
        variable.set(name)
        seen[name] = variable.get()

    variable.set("here")
    run_in_a_loop(both())
    other = threading.Thread(target=thread, args=("c",))
    other.start()
    other.join()
    assert seen == {"a": "a", "b": "b", "c": "c"}
    assert variable.get() == "here"
    variable.set("")
