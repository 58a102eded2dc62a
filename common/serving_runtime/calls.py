"""Show a model's code which calls it answers: their ids, and the traces that they are part of.

    from serving_runtime import calls

    def infer(x):
        for call in calls.current():
            requests.post(AUDIT, headers=call.trace, json={"id": call.request_id})

Several calls may be answered together; there are none while a model loads or is warmed up. Threads
that a model starts itself have none either. Log lines have the ids without being asked.
"""

import sys
import threading
import weakref
from typing import Any, Iterable, Mapping, NamedTuple, Tuple

from serving_runtime.ipc.attributes import TRACE_NAMES, TRACEPARENT

__all__ = ["Call", "current"]

# Of calls that the model answers together, so many are named in a log line.
MAX_NAMED = 8
_TRACE_ID = slice(3, 35)
# What is noted of each: the request id and the attributes, not what a call itself has, which would
# keep its payload in memory.
Entered = Tuple[Tuple[str, Mapping[str, str]], ...]
NONE: Entered = ()


class Call(NamedTuple):
    """A call that is being answered.

    ``request_id`` is its ``x-request-id``, or the one that the service gave it. ``trace``: W3C's
    headers as far as its client sent them (``traceparent``, ``tracestate``, ``baggage``), to be
    sent on with what is asked of others for this call.
    """

    request_id: str
    trace: Mapping[str, str]

    @property
    def trace_id(self) -> str:
        """The id of its trace; empty if it is part of none."""
        return trace_id_of(self.trace)


def current() -> Tuple[Call, ...]:
    """Return the calls that are answered here, in this task or thread."""
    return tuple(Call(request_id, _trace_of(it)) for request_id, it in _current.get())


def trace_id_of(attributes: Mapping[str, str]) -> str:
    """Return the trace's id of a call with these attributes; empty if it is part of none."""
    return attributes.get(TRACEPARENT, "")[_TRACE_ID]


def _trace_of(attributes: Mapping[str, str]) -> Mapping[str, str]:
    return {name: attributes[name] for name in TRACE_NAMES if name in attributes}


class _PerTask:
    """What a context variable is from Python 3.7 on: of the running task, else of the thread."""

    def __init__(self) -> None:
        self._by_thread = threading.local()
        self._by_task: Any = weakref.WeakKeyDictionary()

    def get(self) -> Entered:
        """Return what was set here; ``NONE`` if nothing was."""
        task = _running_task()
        found: Entered
        if task is None:
            found = getattr(self._by_thread, "calls", NONE)
        else:
            found = self._by_task.get(task, NONE)
        return found

    def set(self, calls: Entered) -> None:
        """Set it here."""
        task = _running_task()
        if task is None:
            self._by_thread.calls = calls
        else:
            self._by_task[task] = calls


def _running_task() -> Any:
    asyncio: Any = sys.modules.get("asyncio")  # who has not imported it runs no task
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    return asyncio.Task.current_task()


_current: Any
if sys.version_info >= (3, 7):
    import contextvars  # novm

    _current = contextvars.ContextVar("calls", default=NONE)
else:  # the images of Python 3.6
    _current = _PerTask()

# Note that what runs from now on, in this task or thread, is of these calls; ``NONE``: of none.
enter = _current.set


def ids() -> str:
    """Return the ids of the calls that are answered here, for the log; empty if there are none."""
    entered = _current.get()
    return _named(request_id for request_id, _ in entered) if entered else ""


def trace_ids() -> str:
    """Return the ids of their traces likewise."""
    entered = _current.get()
    found = (trace_id_of(attributes) for _, attributes in entered if attributes)
    return _named(trace_id for trace_id in found if trace_id) if entered else ""


def _named(texts: Iterable[str]) -> str:
    named = list(texts)
    more = [f"+{len(named) - MAX_NAMED}"] if len(named) > MAX_NAMED else []
    return ",".join(named[:MAX_NAMED] + more)
