"""Run tools as programs: what is wrong becomes a message on standard error and exit code 1."""

import argparse
import functools
import sys
import time
from typing import Callable, List, Optional


class ToolError(Exception):
    """A tool cannot do what was asked; the message has what is wrong and what would help."""


def parser(tool: str, described: Optional[str]) -> argparse.ArgumentParser:
    """Return the parser of `python -m TOOL`, described by the first line of its module."""
    first_line = (described or "").split("\n", 1)[0]
    return argparse.ArgumentParser(prog=f"python -m {tool}", description=first_line)


def program(main: Callable[..., int]) -> Callable[..., int]:
    """Make a function of a command line one that ends with a message where it raises ToolError."""

    @functools.wraps(main)
    def run(arguments: Optional[List[str]] = None) -> int:
        try:
            return main(arguments)
        except ToolError as error:
            print(error, file=sys.stderr)
            return 1

    return run


def progress(name: str, text: str) -> None:
    """Print what becomes of a row, at once: others are worked on beside it."""
    print(f"{time.strftime('%H:%M:%S')} [{name}] {text}", flush=True)
