"""Keep the service's own descriptors out of the reach of code that closes what it has not opened.

A program that detaches itself closes "all others": ``os.closerange(3, 256)``. What is opened next
gets the number of what was closed, so that a worker would read its calls from a model's file. The
numbers up here are passed over by such code, and are never given to a new file.
"""

import fcntl
import os
import resource

LOWEST = 4096
# Where a process may not have so many: as high as there is room for ours.
ROOM = 64


def moved(descriptor: int) -> int:
    """Move a descriptor to a protected number, which programs that are started do not inherit."""
    number = copied(descriptor)
    os.close(descriptor)
    return number


def copied(descriptor: int) -> int:
    """Return a protected number for what a descriptor refers to; that stays open as well."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = LOWEST if limit == resource.RLIM_INFINITY else min(LOWEST, max(0, limit - ROOM))
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    except OSError:  # so many are open that any number will do
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 0)
