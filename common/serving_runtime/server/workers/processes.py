"""Start worker processes, and end each with all that it has started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional

from serving_runtime.ipc import environment, memfd

# Not `-m`, which would put the working directory first on the path: in a derived image that is the
# model's, where a file of the user's called signal.py would replace the standard library's.
ENTRY = (
    sys.executable,
    "-c",
    "import sys; sys.path[:] = filter(None, sys.path); "
    "from serving_runtime.worker.process import main; sys.exit(main(sys.argv[1:]))",
)


class WorkerProcess(NamedTuple):
    """How to watch and end what runs a worker (a process, or a thread where there is none).

    ``pid`` is 0 for a thread. ``how_it_ended`` is None while it runs, else a phrase such as
    ``was killed by SIGSEGV``.
    """

    pid: int
    kill: Callable[[], None]
    how_it_ended: Callable[[], Optional[str]]


class Spawned(NamedTuple):
    """A worker that was started, and the front's end of the socket pair that it has."""

    connection: socket.socket
    process: WorkerProcess


# Starts the worker of a name. Where the system refuses, it is one that has ended.
Spawn = Callable[[str], Spawned]


# Starts a process that loads the model itself: given its name, its connection, and, where it may
# fork a fork server, the socket on which that takes requests.
Start = Callable[[str, socket.socket, Optional[socket.socket]], WorkerProcess]


def process_starter(environ: Mapping[str, str], runtime_name: str) -> Start:
    """Return a function that starts a worker as a fresh process of this interpreter.

    A fresh one, since a fork of a process that runs grpc's threads may deadlock.

    Args:
        environ: the worker's environment.
        runtime_name: the framework, or empty to recognise it from the files.
    """
    loaded = _record()

    def start(
        name: str, connection: socket.socket, control: Optional[socket.socket] = None
    ) -> WorkerProcess:
        command = _command(name, connection.fileno(), runtime_name)
        passed, own = [connection.fileno()], {**environ, environment.WORKER: name}
        if loaded is not None:
            passed.append(loaded)
            own[environment.LOADED] = str(loaded)
        if control is not None:
            passed.append(control.fileno())
            own[environment.FORK_SERVER] = f"{control.fileno()},{connection.fileno()}"
        try:
            return _start(command, own, passed)
        except OSError as error:  # out of memory, or of processes, for a while
            return not_started(error)

    return start


def process_spawner(start: Start) -> Spawn:
    """Return a function that gives each process a socket pair with the front."""

    def spawn(name: str) -> Spawned:
        ours, theirs = socket.socketpair()
        with theirs:
            return Spawned(ours, start(name, theirs, None))

    return spawn


class HeadStart:
    """Starts the first worker at once, while the front still imports what it needs itself."""

    def __init__(self, spawn: Spawn, name: str) -> None:
        self._spawn = spawn
        self._first: Optional[Spawned] = spawn(name)

    def __call__(self, name: str) -> Spawned:
        """Return the worker that was started at once, and start all later ones."""
        first, self._first = self._first, None
        return first or self._spawn(name)

    def end(self) -> None:
        """End the first worker if it was not asked for: the front has failed to start."""
        if self._first is not None:
            self._first.process.kill()
            self._first.connection.close()


def not_started(error: OSError) -> WorkerProcess:
    """Return what stands for a process that the system has refused."""
    return WorkerProcess(0, lambda: None, lambda: f"could not be started ({error})")


def _command(name: str, descriptor: int, runtime_name: str) -> List[str]:
    return [
        *ENTRY,
        "--fd", str(descriptor),
        "--front", str(os.getpid()),
        "--name", name,
        "--runtime", runtime_name,
    ]  # fmt: skip


def _record() -> Optional[int]:
    """Return a file to note in what was loaded; None where there are none without a name."""
    try:
        return memfd.nameless_file(b"loaded")
    except OSError:
        return None


def _start(command: List[str], environ: Dict[str, str], passed: List[int]) -> WorkerProcess:
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        pass_fds=passed,
        # A group of its own: Ctrl-C reaches only the front, and a kill reaches whatever the
        # user's code has started.
        start_new_session=True,
    )
    return WorkerProcess(
        process.pid, lambda: kill_group(process.pid), lambda: ending_of(process.poll())
    )


def kill_group(leader: int) -> None:
    """Kill a worker and whatever it has started, also after its own end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def ending_of(code: Optional[int]) -> Optional[str]:
    """Return how a process ended, as a phrase; a signal's number is negative, None is no end."""
    if code is None:
        return None
    if code >= 0:
        return f"exited with code {code}"
    return f"was killed by {_signal_name(-code)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have no name
        return f"signal {number}"
