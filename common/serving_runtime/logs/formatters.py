"""Format log records, as text for people or as JSON for machines, one line each."""

import abc
import functools
import json
import logging
import re
import time
from typing import Any, Dict, List, Mapping, Sequence

from serving_runtime import calls

# What would start a new line or steer a terminal: a client's text must not forge a log line.
_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
MAX_TRACEBACK = 20000  # characters
NUMBERS = (int, float)
_NEEDS_QUOTES = re.compile(r'[\s="]|^$')


class LineFormatter(logging.Formatter, abc.ABC):
    """Formats records, and makes templates for lines that need no record."""

    def __init__(self, role: str = "") -> None:
        super().__init__()
        self.role = role

    @abc.abstractmethod
    def template(self, level: str, logger: str, message: str, names: Sequence[str]) -> str:
        """Return a line with ``%s`` for its timestamp and for the text of each named field."""

    @abc.abstractmethod
    def text_of(self, value: Any) -> str:
        """Return a field's value as it stands in a line."""


class TextFormatter(LineFormatter):
    """Write ``2026-01-01T00:00:00.000Z INFO  worker-1 name: message key=value …``.

    A traceback follows on lines of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, and its traceback's lines."""
        fields = _fields(record)
        template = self.template(record.levelname, record.name, record.getMessage(), list(fields))
        line = template % (timestamp(record.created), *map(self.text_of, fields.values()))
        return "\n".join([line, *_traceback(self, record)])

    def template(self, level: str, logger: str, message: str, names: Sequence[str]) -> str:
        """Return a line with ``%s`` for its timestamp and for the text of each named field."""
        role = f"{self.role} " if self.role else ""
        head = f" {level:<7} {role}{logger}: {_folded(message)}".replace("%", "%%")
        return "%s" + " ".join([head, *[f"{name.replace('%', '%%')}=%s" for name in names]])

    def text_of(self, value: Any) -> str:
        """Return a field's value, in quotes where it needs them."""
        if type(value) in NUMBERS:
            return str(value)
        text = str(value)
        if text.isalnum():  # as most are, and quickly seen
            return text
        text = _folded(text)
        return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text


class JsonFormatter(LineFormatter):
    """Write one JSON object a record, with its fields beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a traceback goes into the member of that name."""
        entry = {"time": timestamp(record.created)}
        entry.update(self._head(record.levelname, record.name, record.getMessage()))
        for name, value in _fields(record).items():
            entry.setdefault(name, value)
        trace = _traceback(self, record)
        if trace:
            entry["traceback"] = "\n".join(trace)
        return _ENCODER.encode(entry)

    def template(self, level: str, logger: str, message: str, names: Sequence[str]) -> str:
        """Return a line with ``%s`` for its timestamp and for the text of each named field."""
        head = _ENCODER.encode(self._head(level, logger, message))[1:-1].replace("%", "%%")
        members = [f"{_ENCODER.encode(name).replace('%', '%%')}: %s" for name in names]
        return f"{{{', '.join([TIME_MEMBER, head, *members])}}}"

    def text_of(self, value: Any) -> str:
        """Return a field's value as JSON."""
        return str(value) if type(value) in NUMBERS else _ENCODER.encode(value)

    def _head(self, level: str, logger: str, message: str) -> Dict[str, Any]:
        role = {"role": self.role} if self.role else {}
        return {"level": level.lower(), **role, "logger": logger, "message": _folded(message)}


TIME_MEMBER = '"time": "%s"'
# Made once: `json.dumps` makes one for each line.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def timestamp(seconds: float) -> str:
    """Return a time in UTC with milliseconds: ``2026-01-01T00:00:00.000Z``."""
    return f"{_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@functools.lru_cache(maxsize=4)  # there are many calls in a second, each with a line
def _second(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    ids = calls.ids()
    if not ids:
        return fields
    trace_ids = calls.trace_ids()
    return {"id": ids, **({"trace_id": trace_ids} if trace_ids else {}), **fields}


def _folded(text: str) -> str:
    text = text.rstrip()
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> List[str]:
    trace: List[str] = []
    if record.exc_info and record.exc_info[0] is not None:
        trace.append(_shortened(formatter.formatException(record.exc_info)))
    if record.stack_info:
        trace.append(formatter.formatStack(record.stack_info))
    return trace


def _shortened(trace: str) -> str:
    """Cut the middle out of a traceback whose exception has a tensor in its message."""
    if len(trace) <= MAX_TRACEBACK:
        return trace
    half = MAX_TRACEBACK // 2
    return f"{trace[:half]}\n… {len(trace) - 2 * half} characters left out …\n{trace[-half:]}"
