"""Know which call a log record comes from: where several run at once, their lines are mixed."""

import sys
import threading
import weakref
from typing import Any, Iterable

# Of calls that the model answers together, so many are named.
MAX_NAMED = 8


class _PerTask:
    """What a context variable is from Python 3.7 on: of the running task, else of the thread."""

    def __init__(self) -> None:
        self._by_thread = threading.local()
        self._by_task: Any = weakref.WeakKeyDictionary()

    def get(self) -> str:
        """Return what was set here; empty if nothing was."""
        task = _running_task()
        if task is None:
            return getattr(self._by_thread, "text", "")
        return str(self._by_task.get(task, ""))

    def set(self, text: str) -> None:
        """Set it here."""
        task = _running_task()
        if task is None:
            self._by_thread.text = text
        else:
            self._by_task[task] = text


def _running_task() -> Any:
    import asyncio  # costs a worker's start 20 ms, and newer Pythons need none

    if asyncio._get_running_loop() is None:
        return None
    return asyncio.Task.current_task()  # type: ignore[attr-defined]


_current: Any
if sys.version_info >= (3, 7):
    import contextvars  # novm

    _current = contextvars.ContextVar("request_ids", default="")
else:  # the images of Python 3.6
    _current = _PerTask()


def current() -> str:
    """Return the id of the call that runs here, or the ids of several; empty if none is known."""
    return str(_current.get())


def enter(request_id: str) -> None:
    """Note that what runs from now on, in this task or thread, is of this call; empty: of none."""
    _current.set(request_id)


def enter_all(request_ids: Iterable[str]) -> None:
    """Note likewise that it is of several calls."""
    named = list(request_ids)
    more = [f"+{len(named) - MAX_NAMED}"] if len(named) > MAX_NAMED else []
    enter(",".join(named[:MAX_NAMED] + more))
