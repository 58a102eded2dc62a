"""Keep freed memory for the next large payload, which glibc would give back after each request.

To get it again costs more than the copy of the payload that it is for: page faults, and zeroing.
There is one arena for all threads: each of gRPC's would keep memory of its own, most of it idle,
and the process would seem to grow for as long as they take turns.
"""

import ctypes

# See: mallopt(3), malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8

# Blocks from this size on come from the system and go back to it, as always.
MAX_KEPT_BLOCK_BYTES = 1 << 30
# More than this that is free at the heap's end goes back.
MAX_KEPT_BYTES = 1 << 28
# How much the heap grows by, beyond what is asked for.
GROWTH_BYTES = 1 << 26


def keep_freed_memory() -> None:
    """Configure glibc's malloc for this process; with another C library this does nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, MAX_KEPT_BLOCK_BYTES)
        mallopt(_M_TRIM_THRESHOLD, MAX_KEPT_BYTES)
        mallopt(_M_TOP_PAD, GROWTH_BYTES)


def give_back_freed_memory() -> None:
    """Return what is free to the system, before as much is taken from it in another way."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
