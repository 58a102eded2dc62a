"""Tie a worker's life to the front's: none is left behind, and none is there that it knows not."""

import ctypes
import os
import signal
import sys

from serving_runtime import logs

logger = logs.get_logger(__name__)

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


def end_unless(process: int) -> None:
    """End a process that user code has forked off this one, and that has come back from its code.

    It has the worker's connection, on which two would answer the same calls.

    Args:
        process: the id of the one that may go on.
    """
    if os.getpid() != process:
        logger.error(
            "a process that the model's code has forked came back from that code, and is ended: "
            "end it there, with os._exit()"
        )
        os._exit(1)
