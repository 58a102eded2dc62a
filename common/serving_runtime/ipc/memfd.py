"""Create memory that two processes share, without a name that could outlive them or clash."""

import ctypes
import fcntl
import mmap
import os
from io import FileIO
from typing import Tuple

from serving_runtime.system import descriptors

# See: memfd_create(2), fcntl(2), mmap(2); Python has names for them from 3.8 or 3.10 on.
_MFD_CLOEXEC, _MFD_ALLOW_SEALING = 1, 2
_F_ADD_SEALS, _F_SEAL_SHRINK = 1033, 2
_MAP_POPULATE = 0x8000


def create(size: int) -> Tuple[FileIO, mmap.mmap]:
    """Return ``size`` bytes of memory, and the file that another process can open.

    All of it is there, and cannot be taken away: to use it fails neither process any more.

    Raises:
        OSError: there is no such thing here, or not so much memory.
    """
    file = FileIO(nameless_file(b"payloads"), "r+")
    try:
        os.posix_fallocate(file.fileno(), 0, size)
        fcntl.fcntl(file.fileno(), _F_ADD_SEALS, _F_SEAL_SHRINK)
        return file, _mapped(file, size)
    except BaseException:
        file.close()
        raise


def open_from(process: int, descriptor: int, size: int) -> mmap.mmap:
    """Return memory that another process has created, and has open.

    Raises:
        OSError: it cannot be opened, or this process may not have more memory.
    """
    with FileIO(f"/proc/{process}/fd/{descriptor}", "r+") as file:
        return _mapped(file, size)


def nameless_file(label: bytes) -> int:
    """Return the descriptor of a file in memory, which is gone once no process has it open.

    Args:
        label: what /proc calls it.

    Raises:
        OSError: there is no such thing here, or no descriptor is free.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "memfd_create"):
        raise OSError("this system has no memfd_create")
    descriptor = libc.memfd_create(label, _MFD_CLOEXEC | _MFD_ALLOW_SEALING)
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return descriptors.moved(int(descriptor))


def _mapped(file: FileIO, size: int) -> mmap.mmap:
    return mmap.mmap(file.fileno(), size, flags=mmap.MAP_SHARED | _MAP_POPULATE)
