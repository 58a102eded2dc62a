"""Write lines of one message, with fields, for a fraction of what a log record costs.

A busy service writes thousands of them in a second. `logging` looks for the caller of each, makes a
record of 20 attributes and takes two locks. None of that is seen in the line.
"""

import collections
import logging
import time
from typing import Any, Deque, Dict, Iterator, Optional, Tuple

from serving_runtime.logs import loggers
from serving_runtime.logs.formatters import LineFormatter, timestamp
from serving_runtime.logs.handlers import LineHandler

Names = Tuple[str, ...]
# When it happened, in seconds of the wall clock, and its fields.
Event = Tuple[float, Names, Tuple[Any, ...]]


class EventLog:
    """Writes one message again and again, at level INFO, with fields that differ."""

    def __init__(self, logger: logging.Logger, message: str) -> None:
        self._logger = logger
        self._message = message
        self._events: Deque[Event] = collections.deque()
        # By the names of the fields, as the formatter has made them.
        self._templates: Dict[Names, str] = {}
        self._formatter: Optional[LineFormatter] = None

    def add(self, names: Names, values: Tuple[Any, ...]) -> None:
        """Keep an event of now until the next ``flush``."""
        self._events.append((time.time(), names, values))

    def flush(self) -> None:
        """Write the events that were kept, in as few writes as can be; returns at once.

        Other handlers than our own get a record for each event.
        """
        if not self._events:
            return
        if not self._logger.isEnabledFor(logging.INFO):
            self._events.clear()
            return
        handlers = loggers.root.handlers
        if len(handlers) == 1 and isinstance(handlers[0], LineHandler):
            formatter = handlers[0].formatter
            if isinstance(formatter, LineFormatter):
                handlers[0].write(list(self._lines(formatter)))
                return
        for _, names, values in self._taken():
            self._logger.info(self._message, extra={"fields": dict(zip(names, values))})

    def _taken(self) -> Iterator[Event]:
        try:
            while True:
                yield self._events.popleft()
        except IndexError:  # another thread may have taken the last one
            pass

    def _lines(self, formatter: LineFormatter) -> Iterator[str]:
        if formatter is not self._formatter:
            self._formatter, self._templates = formatter, {}
        text_of = formatter.text_of
        for seconds, names, values in self._taken():
            template = self._templates.get(names) or self._template(formatter, names)
            yield template % (timestamp(seconds), *[text_of(value) for value in values])

    def _template(self, formatter: LineFormatter, names: Names) -> str:
        template = formatter.template("INFO", self._logger.name, self._message, names)
        self._templates[names] = template
        return template
