"""Tie a worker's life to the front's: no worker is left behind, however the front ends."""

import ctypes
import os
import signal
import sys

# See: prctl(2).
PR_SET_PDEATHSIG = 1


def die_with(front: int) -> None:
    """Ask the kernel to kill this process when the front ends, however it ends.

    A worker that hangs in user code cannot notice by itself.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != front:  # it ended before the kernel was asked
        os._exit(1)
