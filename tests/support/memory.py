"""Measure how much memory a process has had at its peak."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RESET_PEAK = "5"  # See: proc(5), /proc/[pid]/clear_refs


class Peak:
    """What a process's resident memory grew by, at most, since it was watched.

    Args:
        pid: of the process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK, encoding="ascii")
        self._before = resident_bytes(pid)

    @property
    def grown_bytes(self) -> int:
        """The growth so far."""
        return _status(self._pid, "VmHWM") - self._before


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has now."""
    return _status(pid, "VmRSS")


@contextmanager
def bounded(pid: int, most_bytes: int) -> Iterator[None]:
    """Check that a process does not grow by more, not even for a moment."""
    peak = Peak(pid)
    yield
    assert peak.grown_bytes <= most_bytes, f"grew by {peak.grown_bytes} bytes, not {most_bytes}"


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)
