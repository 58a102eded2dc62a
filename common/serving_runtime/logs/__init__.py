"""Set up logging, so that the front and every worker write lines of one form to one stream."""

import atexit
import logging
import sys
from typing import Optional, TextIO

from serving_runtime.logs import loggers, nonblocking
from serving_runtime.logs.formatters import JsonFormatter, LineFormatter, TextFormatter
from serving_runtime.logs.handlers import ForeignHandler, LineHandler
from serving_runtime.logs.loggers import get_logger

__all__ = ["configure", "continue_in_fork", "get_logger"]


def configure(
    level: str = "info", format: str = "text", stream: Optional[TextIO] = None, role: str = ""
) -> None:
    """Send all log records, and Python's warnings, to one stream, one line each.

    A call adds fields of its own with ``logger.info("…", extra={"fields": {"rows": 3}})``. What the
    user's code makes of the standard root later on concerns its own records only.

    Args:
        level: the least severe level that is written: debug, info, warning or error.
        format: ``text`` for people, ``json`` for machines.
        stream: where to write; standard error if None. A log that is not read, or that has no
            room, stops nothing: see ``nonblocking``.
        role: what the lines call this process, such as ``front`` or ``worker-1``; may be empty.
    """
    _end_former()
    own = _handler(stream or sys.stderr)
    own.setFormatter(_formatter(format, role))
    loggers.take_over(own, level.upper())
    foreign = ForeignHandler(own)
    foreign.setFormatter(_formatter(format, role))
    logging.root.handlers[:] = [foreign]
    logging.root.setLevel(level.upper())
    logging.captureWarnings(True)
    atexit.unregister(_flush)
    # The standard library flushes handlers too, but forgets those that a configuration replaces.
    atexit.register(_flush)


def continue_in_fork(role: str) -> None:
    """Go on in a process that was forked from this one, whose lines have another name."""
    for handler in [*loggers.root.handlers, *logging.root.handlers]:
        if isinstance(handler.formatter, LineFormatter):
            handler.formatter.role = role
        if isinstance(handler, LineHandler):
            handler.continue_in_fork()


def _end_former() -> None:
    for former in loggers.root.handlers:
        if isinstance(former, LineHandler):
            former.end()


def _flush() -> None:
    for handler in loggers.root.handlers:
        handler.flush()


def _formatter(format: str, role: str) -> LineFormatter:
    return JsonFormatter(role) if format == "json" else TextFormatter(role)


def _handler(stream: Optional[TextIO]) -> logging.Handler:
    if stream is None:  # standard error was closed
        nonblocking.hold_standard_descriptors()
        return logging.NullHandler()
    descriptor = nonblocking.descriptor_of(stream)
    return logging.StreamHandler(stream) if descriptor is None else LineHandler(descriptor)
