"""Keep freed memory for the next large payload, which glibc would give back after each request.

To get it again costs more than the copy of the payload that it is for: page faults, and zeroing.
There is one arena for all threads: each of gRPC's would keep memory of its own, most of it idle,
and the process would seem to grow for as long as they take turns.

In a small container so much cannot be kept: there it is a part of the limit, and the container's
life is worth more than the page faults.
"""

import contextlib
import ctypes
import os
from typing import Dict, Mapping

# See: mallopt(3), malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8

# Blocks from this size on come from the system and go back to it, as always.
MAX_KEPT_BLOCK_BYTES = 1 << 30
# More than this that is free at the heap's end goes back.
MAX_KEPT_BYTES = 1 << 28
# How much the heap grows by, beyond what is asked for.
GROWTH_BYTES = 1 << 26
# With less memory than this, what is kept is a part of it.
AMPLE_BYTES = 1 << 32

# What images set for workers, by glibc's variables; who has set others wants those.
OF_IMAGES = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "2147483647",
    "MALLOC_TOP_PAD_": "67108864",
}
_STATM = "/proc/self/statm"


def keep_freed_memory(limit: int = AMPLE_BYTES) -> None:
    """Configure glibc's malloc for this process; with another C library this does nothing.

    Args:
        limit: the memory that there is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _max_kept_block(limit))
        mallopt(_M_TRIM_THRESHOLD, _part(MAX_KEPT_BYTES, limit))
        mallopt(_M_TOP_PAD, _part(GROWTH_BYTES, limit))


def worker_variables(environ: Mapping[str, str], limit: int) -> Dict[str, str]:
    """Return how a worker's malloc is configured where there is little memory.

    Large blocks go back to the system when they are free, and the heap keeps little: of each
    request a worker makes several, and a model has its own. Two arenas serve its few threads.

    Args:
        environ: the environment that the service was started with.
        limit: the memory that there is.
    """
    if limit >= AMPLE_BYTES:
        return {}
    chosen = {
        "MALLOC_MMAP_THRESHOLD_": str(_max_kept_block(limit)),
        "MALLOC_TRIM_THRESHOLD_": str(limit >> 6),
        "MALLOC_TOP_PAD_": str(limit >> 9),
        "MALLOC_ARENA_MAX": "2",
    }
    return {
        name: text
        for name, text in chosen.items()
        if environ.get(name, "") in ("", OF_IMAGES.get(name, ""))
    }


def be_ended_first() -> None:
    """Have the kernel end this process before others when the container's memory is used up.

    A worker is replaced, and its calls are tried again; without the front there is no service.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def own_bytes() -> int:
    """Return the memory that this process shares with no other; 0 where there is no /proc."""
    try:
        with open(_STATM, "rb") as statm:
            _, resident, shared = statm.read().split()[:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def give_back_freed_memory() -> None:
    """Return what is free to the system, before as much is taken from it in another way."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _max_kept_block(limit: int) -> int:
    """Return from which size on blocks go back to the system: of a few, nothing is to be left."""
    return MAX_KEPT_BLOCK_BYTES if limit >= AMPLE_BYTES else limit >> 6


def _part(size: int, limit: int) -> int:
    """Return what a size for ample memory is for less."""
    return size * min(limit, AMPLE_BYTES) // AMPLE_BYTES
