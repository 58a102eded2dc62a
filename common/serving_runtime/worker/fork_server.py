"""Keep a loaded model in a process that only forks workers, so that they share its memory.

The first worker forks this fork server once it has loaded the model. The fork server never calls
the model: a fork is safe only of a process that has no threads of its own and shares nothing that
is open. Whatever it forks is a child of the front's, as every other worker is.
"""

import contextlib
import os
import random
import socket
import sys
import time
from pathlib import Path
from typing import Mapping, NamedTuple, Optional, Set, Tuple

from serving_runtime import logs
from serving_runtime.ipc import environment
from serving_runtime.system import descriptors
from serving_runtime.worker.parent import die_with

logger = logs.get_logger(__name__)

# What `ps` calls it.
NAME = b"fork-server"
MAX_NAME = 100  # bytes
DESCRIPTOR_SIZE = 4
REPARENTED_POLL_SECONDS = 0.0005


class ProcessFootprint(NamedTuple):
    """What a fork would break: threads, which it does not copy, and what is open, which it shares.

    Those that a framework's own import leaves behind are taken for safe.
    """

    threads: int
    descriptors: Set[str]

    @classmethod
    def now(cls) -> "ProcessFootprint":
        """Return what this process has."""
        return cls(len(os.listdir("/proc/self/task")), _descriptors())

    def reason_not_forkable(self) -> str:
        """Return what has been added since that a fork would break; empty if it would not."""
        now = ProcessFootprint.now()
        if now.threads > self.threads:
            return "loading it has started threads"
        if now.descriptors - self.descriptors:
            return "loading it has left files or connections open"
        return ""


class ForkRequests(NamedTuple):
    """Where a fork server takes requests, and where the workers that it forks look for the front.

    ``before``: what the process had before it loaded the model.
    """

    control: socket.socket
    connection: int
    before: ProcessFootprint

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Optional[ForkRequests]":
        """Take what the front has passed on; None where it wants no fork server."""
        if environment.FORK_SERVER not in environ:
            return None
        control, connection = map(int, environ[environment.FORK_SERVER].split(","))
        os.environ.pop(environment.FORK_SERVER, None)  # it is not for what the model starts
        number = descriptors.moved(control)
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=number)
        return cls(ours, connection, ProcessFootprint.now())


def start_fork_server(requests: ForkRequests, reason_not: str) -> None:
    """Fork the fork server; in each worker that it forks later, return as well.

    Args:
        requests: where the front sends them; without a fork server none is taken.
        reason_not: why this process may not be forked; empty if it may.
    """
    with requests.control:
        if reason_not:
            logger.info("each worker loads the model by itself: %s", reason_not)
            return
        # Else each worker would write what is left there. User code may have put anything there.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            sys.stdout.flush()
        try:
            pid, done = _fork_away(os.getppid())
        except OSError as error:
            logger.warning("each worker loads the model by itself: %s", error)
            return
        if pid == 0:
            logs.continue_in_fork(_serve(requests, done))


def _serve(requests: ForkRequests, done: int) -> str:
    """Fork a worker for each that the front asks for; return in each of them, with its name."""
    front = os.getppid()
    own_name = Path("/proc/self/comm").read_bytes().strip()
    try:
        _set_name(NAME)
        _move(os.open(os.devnull, os.O_RDWR), requests.connection)  # it is the first worker's
        os.close(done)
        while True:
            name, received = _receive(requests.control)
            pid, done = _fork_away(front)
            if pid == 0:
                break
            os.close(received)
            requests.control.send(b"%d" % pid)
        _set_name(own_name)
        os.environ[environment.WORKER] = name
        _move(received, requests.connection)
        _draw_other_numbers()
        os.close(done)
    except (EOFError, OSError):  # the front wants no more, or the system gives no more
        os._exit(0)
    return name


def _fork_away(front: int) -> Tuple[int, int]:
    """Fork a process that is a child of the front's, in a session of its own, and ends with it.

    Returns:
        Its id, once it has closed ``done`` or has ended; there, 0 and ``done``.

    Raises:
        OSError: out of memory, or of processes.
    """
    answer, done = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(answer)
        return _fork_again(front, done)
    os.close(done)
    with open(answer, "rb") as reader:
        pid = int(reader.read() or b"0")
    with contextlib.suppress(ChildProcessError):  # user code ignores SIGCHLD
        os.waitpid(between, 0)
    if pid == 0:
        raise OSError("the system refused a second process")
    return pid, -1


def _fork_again(front: int, done: int) -> Tuple[int, int]:
    """Fork once more and end: then the kernel gives the new process to the front."""
    between = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        os._exit(1)
    if pid:
        os.write(done, b"%d" % pid)
        os._exit(0)
    while os.getppid() == between:
        time.sleep(REPARENTED_POLL_SECONDS)
    os.setsid()
    die_with(front)
    return 0, done


def _receive(control: socket.socket) -> Tuple[str, int]:
    """Return the name of the worker that is wanted, and its connection.

    Raises:
        EOFError: none will be wanted any more.
    """
    name, ancillary, _, _ = control.recvmsg(MAX_NAME, socket.CMSG_SPACE(DESCRIPTOR_SIZE))
    for _, _, data in ancillary:
        return name.decode(), int.from_bytes(data[:DESCRIPTOR_SIZE], sys.byteorder)
    raise EOFError


def _move(descriptor: int, number: int) -> None:
    """Move a descriptor to another number, in place of what has that now."""
    os.dup2(descriptor, number, inheritable=False)
    os.close(descriptor)


def _draw_other_numbers() -> None:
    """Make workers draw different random numbers, by the generators that belong to the process.

    Python's own does so by itself from 3.7 on, and ``tempfile``, ``secrets`` and ``uuid4`` always.
    """
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _set_name(name: bytes) -> None:
    """Change what ``ps`` and ``top`` call this process. See: prctl(2), PR_SET_NAME."""
    Path("/proc/self/comm").write_bytes(name[:15])


def _descriptors() -> Set[str]:
    """Return what is open, each as its number and what it is."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # that of the listing itself
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
    return found
