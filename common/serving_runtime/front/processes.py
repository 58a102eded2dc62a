"""Start worker processes, end them with all their children, and leave no zombie behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import Callable, Container, List, Mapping, Optional

from serving_runtime.front.worker_link import WorkerProcess

# Not `-m`, which would put the working directory first on the path: in a derived image that is the
# model's, where a file of the user's called signal.py would replace the standard library's.
ENTRY = (
    sys.executable,
    "-c",
    "import sys; sys.path[:] = filter(None, sys.path); "
    "from serving_runtime.worker.process import main; sys.exit(main(sys.argv[1:]))",
)

# Given the worker's name and its end of the socket pair; returns how to watch and end it.
Spawn = Callable[[str, socket.socket], WorkerProcess]


def process_spawner(environ: Mapping[str, str], runtime_name: str) -> Spawn:
    """Return a function that starts a worker as a fresh process of this interpreter.

    A fresh one, since a fork of a process that runs grpc's threads may deadlock.

    Args:
        environ: the worker's environment.
        runtime_name: the framework, or empty to recognise it from the files.
    """

    def spawn(name: str, connection: socket.socket) -> WorkerProcess:
        process = subprocess.Popen(
            _command(name, connection.fileno(), runtime_name),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            pass_fds=[connection.fileno()],
            # A group of its own: Ctrl-C reaches only the front, and a kill reaches whatever the
            # user's code has started.
            start_new_session=True,
        )
        return WorkerProcess(
            process.pid, lambda: _kill_group(process), lambda: _how_it_ended(process)
        )

    return spawn


def reap_strangers(known: Container[int]) -> None:
    """Collect ended children that nobody started here: as PID 1 the front inherits orphans."""
    while True:
        try:
            child = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if child is None or child.si_pid in known:
            return
        os.waitpid(child.si_pid, os.WNOHANG)


def _command(name: str, descriptor: int, runtime_name: str) -> List[str]:
    return [
        *ENTRY,
        "--fd", str(descriptor),
        "--front", str(os.getpid()),
        "--name", name,
        "--runtime", runtime_name,
    ]  # fmt: skip


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _how_it_ended(process: "subprocess.Popen[bytes]") -> Optional[str]:
    code = process.poll()
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
