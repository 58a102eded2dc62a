"""Show how far a job is: rows, their rate, and the time that is left."""

import sys
import time
from typing import Optional, TextIO

_TERMINAL_SECONDS, _LOG_SECONDS = 0.5, 10.0


class Progress:
    """Lines about a job: one that changes on a terminal, else one now and then.

    Args:
        total: how many rows there are; None where only reading tells.
        done: how many of them an earlier run has scored.
        stream: where to write.
    """

    def __init__(self, total: Optional[int], done: int, stream: Optional[TextIO] = None) -> None:
        self._total = total
        self._earlier = done
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._started = self._shown = time.monotonic()
        self._every = _TERMINAL_SECONDS if self._is_terminal else _LOG_SECONDS

    def show(self, rows: int, bad: int) -> None:
        """Write how far it is, if that was not written just now."""
        now = time.monotonic()
        if now - self._shown >= self._every:
            self._shown = now
            self._write(self.text(rows, bad, now - self._started))

    def end(self, rows: int) -> None:
        """Write how long it took."""
        seconds = max(time.monotonic() - self._started, 1e-9)
        now = rows - self._earlier
        self._write(f"{now:,} rows in {_duration(seconds)}, {now / seconds:,.0f} rows/s")
        if self._is_terminal:
            print(file=self._stream)

    def text(self, rows: int, bad: int, seconds: float) -> str:
        """Return one line."""
        rate = max(rows - self._earlier, 0) / max(seconds, 1e-9)
        text = f"{rows:,} rows"
        if self._total:
            text = f"{rows:,} of {self._total:,} rows ({100 * rows / self._total:.0f} %)"
        if bad:
            text += f", {bad:,} bad"
        text += f", {rate:,.0f} rows/s"
        if self._total and rate:
            text += f", {_duration((self._total - rows) / rate)} left"
        return text

    def _write(self, text: str) -> None:
        if self._is_terminal:
            print(f"\r\x1b[K{text}", end="", file=self._stream, flush=True)
        else:
            print(text, file=self._stream, flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
