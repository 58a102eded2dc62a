"""Take care of the processes that workers leave to the front: reap what ended, kill what strays."""

import contextlib
import ctypes
import os
import signal
import sys
from typing import Container, List

from serving_runtime.ipc import environment
from serving_runtime.server.workers.processes import kill_group

PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


def adopt_orphans() -> None:
    """Become the parent of what is forked on the front's behalf, which Linux alone can do.

    See: prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def adopts_orphans() -> bool:
    """Whether this process becomes the parent of orphans: PID 1 does without asking."""
    if os.getpid() == 1 or sys.platform != "linux":
        return os.getpid() == 1
    answer = ctypes.c_int()
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer))
    return bool(answer.value)


def reap_unknown(known: Container[int]) -> None:
    """Collect ended children that were not started here: orphans, and the fork server."""
    while True:
        try:
            child = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if child is None or child.si_pid in known:
            return
        os.waitpid(child.si_pid, os.WNOHANG)


def kill_strays(running: Container[str]) -> None:
    """Kill the children that workers have left to this process, if they are not ``running``.

    A child in a session of its own is no part of its worker's group. Once its worker has ended it
    is a child of this process, which adopts orphans; the variable that it was started with names
    that worker. Without that (it was cleared, or the worker was forked, with a copy of the
    fork server's variables) it is unknown, and the child lives until this process ends.
    """
    for pid in _children():
        owner = _owner(pid)
        if owner and owner not in running:
            kill_group(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _children() -> List[int]:
    """Return the children of this process, where the kernel lists them. See: proc(5)."""
    found: List[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/children", "rb") as children:
                found.extend(map(int, children.read().split()))
    return found


def _owner(pid: int) -> str:
    """Return the name of the worker whose child a process was; empty if unknown."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            pairs = [pair.split(b"=", 1) for pair in environ.read().split(b"\0") if b"=" in pair]
    except OSError:  # it has ended, or runs as another user
        return ""
    variables = dict(pairs)
    if environment.FORK_SERVER.encode() in variables:
        return ""
    return variables.get(environment.WORKER.encode(), b"").decode("utf-8", "replace")
