"""Make the event loop that a model's coroutines run on, and close it with all that is on it."""

import asyncio
import sys
from asyncio import AbstractEventLoop
from typing import Any, Set


def make() -> AbstractEventLoop:
    """Return an event loop, which is this thread's from now on."""
    if sys.version_info < (3, 10):  # locks that were made at import are bound to the thread's
        try:
            loop = asyncio.get_event_loop()
            if not loop.is_closed():
                return loop
        except RuntimeError:  # of the main thread alone it makes one
            pass
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def close(loop: AbstractEventLoop) -> None:
    """Cancel the tasks that are left, wait for their end, and close the loop."""
    left = _tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()


def _tasks(loop: AbstractEventLoop) -> Set[Any]:
    # 3.6 has it in another place, and lists those that are done too.
    every: Any = getattr(asyncio, "all_tasks", None) or getattr(asyncio.Task, "all_tasks")  # noqa: B009
    return {task for task in every(loop) if not task.done()}
