"""Set up logging, so that the front and every worker write lines of one form to one stream."""

import functools
import json
import logging
import re
import sys
import time
from typing import Any, Dict, Mapping, Optional, TextIO

from serving_runtime.logs import nonblocking
from serving_runtime.logs.nonblocking import LineHandler

# What would start a new line or steer a terminal: a client's text must not forge a log line.
_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
MAX_TRACEBACK = 20000  # characters
NUMBERS = (int, float)
_NEEDS_QUOTES = re.compile(r'[\s="]|^$')


def configure(
    level: str = "info", format: str = "text", stream: Optional[TextIO] = None, role: str = ""
) -> None:
    """Send all log records, and Python's warnings, to one stream, one line each.

    A call adds fields of its own with ``logger.info("…", extra={"fields": {"rows": 3}})``.

    Args:
        level: the least severe level that is written: debug, info, warning or error.
        format: ``text`` for people, ``json`` for machines.
        stream: where to write; standard error if None. A log that nobody reads, or that has no
            room, stops nobody: see ``log_lines``.
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


class TextFormatter(logging.Formatter):
    """Write ``2026-01-01T00:00:00.000Z INFO  worker-1 name: message key=value …``.

    A traceback follows on lines of its own.
    """

    def __init__(self, role: str = "") -> None:
        super().__init__()
        self._role = f"{role} " if role else ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, and its traceback's lines."""
        head = f"{timestamp(record)} {record.levelname:<7} {self._role}{record.name}: "
        fields = [f"{name}={_field_text(value)}" for name, value in _fields(record).items()]
        line = head + " ".join([_folded(record.getMessage()), *fields])
        return "\n".join([line, *_traceback(self, record)])


class JsonFormatter(logging.Formatter):
    """Write one JSON object a record, with its fields beside the message."""

    def __init__(self, role: str = "") -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a traceback goes into the member of that name."""
        entry: Dict[str, Any] = {"time": timestamp(record), "level": record.levelname.lower()}
        if self._role:
            entry["role"] = self._role
        entry["logger"] = record.name
        entry["message"] = _folded(record.getMessage())
        for name, value in _fields(record).items():
            entry.setdefault(name, value)
        trace = _traceback(self, record)
        if trace:
            entry["traceback"] = "\n".join(trace)
        return _ENCODER.encode(entry)


# Made once: `json.dumps` makes one for each line.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def timestamp(record: logging.LogRecord) -> str:
    """Return when the record was made, in UTC with milliseconds: ``2026-01-01T00:00:00.000Z``."""
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@functools.lru_cache(maxsize=4)  # there are many calls in a second, each with a line
def _second(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    return fields


def _field_text(value: Any) -> str:
    if type(value) in NUMBERS:
        return str(value)
    text = _folded(str(value))
    return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text


def _folded(text: str) -> str:
    text = text.rstrip()
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> "list[str]":
    trace = []
    if record.exc_info and record.exc_info[0] is not None:
        trace.append(_shortened(formatter.formatException(record.exc_info)))
    if record.stack_info:
        trace.append(formatter.formatStack(record.stack_info))
    return trace


def _shortened(trace: str) -> str:
    """Cut the middle out of a traceback whose exception has, say, a tensor in its message."""
    if len(trace) <= MAX_TRACEBACK:
        return trace
    half = MAX_TRACEBACK // 2
    return f"{trace[:half]}\n… {len(trace) - 2 * half} characters left out …\n{trace[-half:]}"
