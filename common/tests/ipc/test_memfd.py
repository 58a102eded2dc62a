import errno
import os

import pytest

from serving_runtime.ipc import memfd

SIZE = 1 << 16


@pytest.fixture
def created():
    """Yield the file and the memory, and close the file."""
    file, memory = memfd.create(SIZE)
    with file:
        yield file, memory


def test_memory_is_shared(created):
    """What one process writes, another one reads."""
    file, ours = created
    theirs = memfd.open_from(os.getpid(), file.fileno(), SIZE)
    ours[-5:] = b"hello"
    assert theirs[-5:] == b"hello"


def test_memory_is_there_and_stays(created):
    """Pages that were missing, or were taken away, would end a process that reads them."""
    file, _ = created
    assert os.fstat(file.fileno()).st_blocks * 512 == SIZE
    with pytest.raises(PermissionError):
        file.truncate(0)


def test_missing_memory_is_an_error_and_leaves_nothing_open(monkeypatch):
    """Not a signal later, when it is used."""

    def refuse(*place):
        raise OSError(errno.ENOSPC, "no memory")

    monkeypatch.setattr(memfd.os, "posix_fallocate", refuse)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="no memory"):
        memfd.create(SIZE)
    assert os.listdir("/proc/self/fd") == before


def test_memory_of_a_process_that_has_ended_is_an_error():
    """The other end may be gone by the time that its offer is read."""
    with pytest.raises(FileNotFoundError):
        memfd.open_from(2**22 + 1, 3, SIZE)


def test_systems_without_memfd_say_so(monkeypatch):
    """There all payloads go through the socket."""
    monkeypatch.setattr(memfd.ctypes, "CDLL", lambda *names, **options: object())
    with pytest.raises(OSError, match="memfd_create"):
        memfd.create(SIZE)
