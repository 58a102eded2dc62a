"""Run other programs and take what they print."""

import subprocess
from collections.abc import Sequence
from typing import Any

from tools.command_line import ToolError

MAX_COMPLAINT = 2000


def run(
    command: Sequence[str], *, in_one: bool = False, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, whatever comes of it.

    Args:
        command: the program and its arguments.
        in_one: take its errors with its output, in the order in which they were printed.
        options: others of `subprocess.run`.
    """
    errors = subprocess.STDOUT if in_one else subprocess.PIPE
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False, **options
    )


def output(command: Sequence[str], failure: str, **options: Any) -> str:
    """Return what a program prints; a ToolError says that it failed, with its last words."""
    ended = run(command, **options)
    if ended.returncode:
        last_words = (ended.stderr or ended.stdout).strip()[-MAX_COMPLAINT:]
        raise ToolError(f"{failure}:\n{last_words}")
    return ended.stdout
