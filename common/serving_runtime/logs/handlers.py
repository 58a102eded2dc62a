"""Write the service's records, and those of others, as lines to a descriptor."""

import logging
from typing import Iterable, Iterator, List

from serving_runtime.logs.nonblocking import PIPE_BYTES, Lines


class LineHandler(logging.Handler):
    """Writes each record as a line, and a traceback as several, to a descriptor such as 2."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._lines = Lines(descriptor, self._loss)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, now or as soon as there is room."""
        self.write(_formatted(self, record))

    def write(self, texts: Iterable[str]) -> None:
        """Write formatted lines, now or as soon as there is room."""
        for lines in _together(map(_encoded, texts)):
            self._lines.write(lines)

    def flush(self) -> None:
        """Wait a moment for lines that were not read yet."""
        self._lines.flush()

    def close(self) -> None:
        """Go on: the standard library closes all handlers whenever a program configures its log."""

    def end(self) -> None:
        """Write nothing more."""
        self._lines.close()
        super().close()

    def continue_in_fork(self) -> None:
        """Go on in a process that was forked from this one."""
        self._lines.continue_in_fork()

    def _loss(self, count: int) -> bytes:
        message = "%d log lines before this one were lost: standard error took no more"
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, message, (count,), None)
        return _encoded(self.format(record))


class ForeignHandler(logging.Handler):
    """Writes the records of others where our own go, in the same form.

    It stands at the standard root, where user code may change it: its format, level and filters.

    Args:
        own: the handler of our own records.
    """

    def __init__(self, own: logging.Handler) -> None:
        super().__init__()
        self._own = own

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if isinstance(self._own, LineHandler):
            self._own.write(_formatted(self, record))
        else:
            self._own.emit(record)


def _formatted(handler: logging.Handler, record: logging.LogRecord) -> List[str]:
    """Return a record's text; nothing of one that cannot be formatted, which is reported."""
    try:
        return [handler.format(record)]
    except Exception:  # noqa: BLE001  such as a message that does not fit its arguments
        handler.handleError(record)
        return []


def _encoded(text: str) -> bytes:
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _together(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines up to what a pipe takes as a whole: each write may wake the reader."""
    together = b""
    for line in lines:
        if together and len(together) + len(line) > PIPE_BYTES:
            yield together
            together = b""
        together += line
    if together:
        yield together
