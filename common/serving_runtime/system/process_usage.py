"""Ask the kernel how much memory and CPU time processes have taken."""

import os
import resource
from typing import Sequence, Tuple

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def resident_bytes(process: str) -> int:
    """Return the memory of a process (its number, or ``self``); 0 for one that is gone."""
    try:
        with open(f"/proc/{process}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process; 0 for one that is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            # What precedes is its name, which may have anything in it.
            fields = stat.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, IndexError):
        return 0.0


class CpuSeconds:
    """The CPU time of this process, and of all its children that there ever were."""

    def __init__(self) -> None:
        self._children = 0.0

    def now(self, children: Sequence[int]) -> Tuple[float, float]:
        """Return both, given the children that run.

        One that ends just now may count for neither; a counter must not fall, so it waits.
        """
        own = resource.getrusage(resource.RUSAGE_SELF)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        running = sum(map(cpu_seconds, children))
        self._children = max(self._children, ended.ru_utime + ended.ru_stime + running)
        return own.ru_utime + own.ru_stime, self._children
