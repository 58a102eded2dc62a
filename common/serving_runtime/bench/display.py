"""Show a run while it goes on, and its result as a table or as plain objects."""

from typing import Any, Dict, List, Sequence, TextIO

from serving_runtime.bench.level import Level

LINE_CHARACTERS = 72
BAR_CHARACTERS = 20
# The last column is the curve of the throughput.
HEADS = ("callers", "calls/s", "rows/s", "p50 ms", "p99 ms", "client busy", "errors", "")


class Live:
    """A line that is written over, and one that stays for each level; nothing without a terminal.

    Args:
        stream: standard error, since the result is for standard output.
        seconds: how long a level takes.
    """

    def __init__(self, stream: TextIO, seconds: float) -> None:
        self.stream = stream
        self.seconds = seconds
        self.is_shown = stream.isatty()

    def progress(self, callers: int, elapsed_seconds: float, answered: int) -> None:
        """Show how a level is getting on."""
        speed = answered / elapsed_seconds if elapsed_seconds else 0.0
        bar = _bar(min(1.0, elapsed_seconds / self.seconds))
        self._write(f"{_callers(callers)} [{bar:<{BAR_CHARACTERS}}] {speed:>9,.0f} calls/s")

    def keep(self, level: Level) -> None:
        """Show what came of a level, and go on below."""
        speed = f"{level.calls_per_second:>9,.0f} calls/s"
        self._write(f"{_callers(level.callers)}  {speed}, p50 {level.p50_ms:.2f} ms", "\n")

    def clear(self) -> None:
        """Make room for what is printed next."""
        self._write("")

    def _write(self, text: str, end: str = "") -> None:
        if self.is_shown:
            self.stream.write(f"\r{text:<{LINE_CHARACTERS}}\r{text}{end}")
            self.stream.flush()


def rows_of(levels: Sequence[Level], rows: int) -> List[List[str]]:
    """Return the cells of each level, below ``HEADS``.

    Args:
        levels: in the order of the table.
        rows: how many each call has.
    """
    best = max((level.calls_per_second for level in levels), default=0.0) or 1.0
    return [[*_cells(level, rows), _bar(level.calls_per_second / best)] for level in levels]


def _bar(share: float) -> str:
    return "#" * int(BAR_CHARACTERS * share)


def _callers(count: int) -> str:
    return f"{count:>5} {'caller ' if count == 1 else 'callers'}"


def _cells(level: Level, rows: int) -> List[str]:
    return [
        str(level.callers),
        f"{level.calls_per_second:,.1f}",
        f"{level.calls_per_second * rows:,.1f}",
        f"{level.p50_ms:.2f}",
        f"{level.p99_ms:.2f}",
        f"{level.client_busy:.0%}",
        ", ".join(f"{count} {status}" for status, count in sorted(level.errors.items())) or "0",
    ]


def as_objects(level: Level, rows: int) -> Dict[str, Any]:
    """Return a level as what JSON can hold."""
    entry = dict(level._asdict())
    entry["calls_per_second"] = level.calls_per_second
    entry["rows_per_second"] = level.calls_per_second * rows
    return entry
