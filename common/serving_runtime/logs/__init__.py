"""Set up logging, so that the front and every worker write lines of one form to one stream."""

import logging
import sys
from typing import Optional, TextIO

from serving_runtime.logs import nonblocking
from serving_runtime.logs.formatters import JsonFormatter, TextFormatter
from serving_runtime.logs.nonblocking import LineHandler


def configure(
    level: str = "info", format: str = "text", stream: Optional[TextIO] = None, role: str = ""
) -> None:
    """Send all log records, and Python's warnings, to one stream, one line each.

    A call adds fields of its own with ``logger.info("…", extra={"fields": {"rows": 3}})``.

    Args:
        level: the least severe level that is written: debug, info, warning or error.
        format: ``text`` for people, ``json`` for machines.
        stream: where to write; standard error if None. A log that is not read, or that has no
            room, stops nothing: see ``nonblocking``.
        role: what the lines call this process, such as ``front`` or ``worker-1``; may be empty.
    """
    handler = _handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(role) if format == "json" else TextFormatter(role))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, LineHandler):
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)


def _handler(stream: Optional[TextIO]) -> logging.Handler:
    if stream is None:  # standard error was closed
        nonblocking.hold_standard_descriptors()
        return logging.NullHandler()
    descriptor = nonblocking.descriptor_of(stream)
    return logging.StreamHandler(stream) if descriptor is None else LineHandler(descriptor)
