"""Have further workers forked from the first one's loaded model, where that is safe."""

import contextlib
import os
import socket
import struct
from typing import Optional

from serving_runtime.server.workers import processes
from serving_runtime.server.workers.processes import Spawned, Start, WorkerProcess

# A fork server waits for nothing but such requests, and a fork takes milliseconds.
FORK_SECONDS = 2.0


class ForkServerSpawner:
    """Starts the first worker, which may fork a fork server, and asks that for the others.

    Args:
        start: starts a process that loads the model itself.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._control: Optional[socket.socket] = None
        self._is_first = True

    def __call__(self, name: str) -> Spawned:
        """Start a worker: forked if there is a fork server, else a fresh process."""
        return self._forked(name) or self._fresh(name)

    def end(self) -> None:
        """End the fork server: its socket closes."""
        if self._control is not None:
            self._control.close()
            self._control = None

    def _fresh(self, name: str) -> Spawned:
        ours, theirs = socket.socketpair()
        with theirs:
            if not self._is_first:
                return Spawned(ours, self._start(name, theirs, None))
            self._is_first = False
            self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.settimeout(FORK_SECONDS)
            with control:
                return Spawned(ours, self._start(name, theirs, control))

    def _forked(self, name: str) -> Optional[Spawned]:
        """Return the worker that the fork server has forked; None if there is none."""
        if self._control is None:
            return None
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):
            return Spawned(ours, _Child(_request_fork(self._control, name, theirs)).process)
        # A worker that comes too late ends at once: the other end is closed.
        ours.close()
        self.end()
        return None


def _request_fork(control: socket.socket, name: str, connection: socket.socket) -> int:
    """Have a worker forked, and return its process id.

    Raises:
        OSError: the fork server takes no requests, or not in time.
    """
    rights = struct.pack("i", connection.fileno())
    control.sendmsg([name.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    pid = control.recv(20)
    if not pid:
        raise ConnectionResetError("the fork server has ended")
    return int(pid)


class _Child:
    """A child of this process that another one has forked for it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._how_it_ended: Optional[str] = None
        self.process = WorkerProcess(pid, self._kill, self._look)

    def _kill(self) -> None:
        processes.kill_group(self._pid)

    def _look(self) -> Optional[str]:
        if self._how_it_ended is None:
            # The event loop and a thread of a transport's may look at once, and only one is told;
            # or it has been collected with the orphans.
            try:
                self._note_end(*os.waitpid(self._pid, os.WNOHANG))
            except ChildProcessError:
                self._note_lost()
        return self._how_it_ended

    def _note_lost(self) -> None:
        if self._how_it_ended is None:
            self._how_it_ended = "ended"

    def _note_end(self, pid: int, status: int) -> None:
        if pid:
            is_signal = os.WIFSIGNALED(status)
            code = -os.WTERMSIG(status) if is_signal else os.WEXITSTATUS(status)
            self._how_it_ended = processes.ending_of(code)
