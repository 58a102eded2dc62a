"""Write log lines without ever waiting for their reader: no log may stop a service.

A line is written at once where there is room for it. Where there is none (a pipe that is not read,
a terminal that was stopped), a thread waits for room, and the lines meanwhile wait for it, up to a
bound; those beyond it are lost, and so are those that cannot be written (a full disk). A line says
how many were lost as soon as one can be written again.
"""

import collections
import errno
import os
import select
import stat
import threading
import time
from typing import Callable, Deque, Optional

from serving_runtime.system import descriptors

# Lines beyond this are lost while none is read.
MAX_WAITING_BYTES = 1 << 22
# How long the end of the process waits for lines that were not read yet.
FLUSH_SECONDS = 1.0
# A pipe that has room has it for so much, and takes so much as a whole.
PIPE_BYTES = select.PIPE_BUF
POLL_SECONDS = 0.01
STANDARD_ERROR = 2
CLOSED = -1


class Lines:
    """Lines on their way to a descriptor.

    Args:
        descriptor: where to write; stays open, and may be closed: it is opened once more.
        loss: returns the line that says how many were lost.
    """

    def __init__(self, descriptor: int, loss: Callable[[int], bytes]) -> None:
        self._loss = loss
        self._inherited = descriptor
        again = _opened_again(descriptor)
        # User code may close standard error: the next file would get its number, and our lines.
        self._descriptor = descriptors.copied(descriptor) if again is None else again
        # Whether a write waits where there is no room, for which one must look first.
        self._waits = again is None and not _is_file(descriptor)
        self._lock = threading.Lock()
        self._waiting: Deque[bytes] = collections.deque()
        self._waiting_bytes = 0
        self._lost = 0

    def write(self, line: bytes) -> None:
        """Write a line or several, keep them for later, or lose them; returns at once."""
        with self._lock:
            if self._waiting:
                self._keep(line)
                return
            if self._lost:
                self._write_loss()
            left = self._try(line)
            if left:
                self._keep(left)
                self._begin_waiting()

    def flush(self) -> None:
        """Wait for the lines that wait, but not for long."""
        until = time.monotonic() + FLUSH_SECONDS
        while self._waiting and time.monotonic() < until:
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Forget what waits, and lose every line that is still to come."""
        with self._lock:
            self._forget()
            if self._descriptor not in (self._inherited, CLOSED):
                os.close(self._descriptor)
            self._descriptor = CLOSED

    def continue_in_fork(self) -> None:
        """Leave what waits to the process that this one was forked from, which has the thread."""
        self._lock = threading.Lock()
        self._waiting.clear()
        self._waiting_bytes = self._lost = 0

    def _keep(self, line: bytes) -> None:
        if self._waiting_bytes + len(line) > MAX_WAITING_BYTES:
            self._lost += _count(line)
        else:
            self._waiting.append(line)
            self._waiting_bytes += len(line)

    def _forget(self) -> None:
        self._lost += sum(map(_count, self._waiting))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _try(self, line: bytes) -> bytes:
        """Write as much of a line as there is room for; returns what is left of it."""
        try:
            if not self._waits:
                return line[os.write(self._descriptor, line) :]
            if not _has_room(self._descriptor, 0.0):
                return line
            return line[os.write(self._descriptor, line[:PIPE_BYTES]) :]
        except BlockingIOError:
            return line
        except OSError as error:  # the disk is full, or the reader has gone
            if error.errno == errno.EBADF and self._is_open_again():
                return self._try(line)
            self._lost += _count(line)
            return b""

    def _is_open_again(self) -> bool:
        """Go on with what was inherited, once user code has closed all descriptors but those."""
        if self._descriptor in (self._inherited, CLOSED):
            return False
        self._descriptor, self._waits = self._inherited, True
        return True

    def _write_loss(self) -> None:
        lost, self._lost = self._lost, 0
        if self._try(self._loss(lost)) or self._lost:
            self._lost = lost

    def _begin_waiting(self) -> None:
        try:
            threading.Thread(target=self._wait, name="log", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            self._forget()

    def _wait(self) -> None:
        while self._waiting:
            if not _has_room(self._descriptor, FLUSH_SECONDS):
                continue
            with self._lock:
                self._write_waiting()
                if self._lost and not self._waiting:
                    self._write_loss()

    def _write_waiting(self) -> None:
        while self._waiting:
            line = self._waiting.popleft()
            left = self._try(line)
            self._waiting_bytes -= len(line) - len(left)
            if left:
                self._waiting.appendleft(left)
                return


def descriptor_of(stream: object) -> Optional[int]:
    """Return the descriptor that a stream writes to; None if it writes to memory."""
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None


def hold_standard_descriptors() -> None:
    """Open what is closed of the descriptors 0 to 2: else the next socket would be one of them.

    What is written to standard error then, such as a crash in C, would go into that socket.
    """
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= STANDARD_ERROR:
        os.set_inheritable(descriptor, True)
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def _count(lines: bytes) -> int:
    return lines.count(b"\n")


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _opened_again(descriptor: int) -> Optional[int]:
    """Return a pipe or terminal opened once more, so that writes to it do not wait.

    To change the one that was inherited would change it for all processes that have it: a model's
    ``print`` would fail. None where that cannot be had: of a socket, or without the permission.
    """
    if _is_file(descriptor):
        return None
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return descriptors.moved(os.open(f"/proc/self/fd/{descriptor}", flags))
    except OSError:
        return None


def _has_room(descriptor: int, seconds: float) -> bool:
    """Return whether a write would not wait, once that is so or the time is over."""
    if descriptor == CLOSED:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))
