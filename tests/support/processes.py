"""Look at processes through /proc: by the mark they inherited, never by name."""

import os
import time
from pathlib import Path
from typing import Callable, List

# A variable that a server's processes inherit, with a value of its own for each server.
MARK = "FAULTS_MARK"


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait for ``condition``; fail, saying ``what`` was awaited, if it never holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def marked(mark: str) -> List[int]:
    """Return the processes that inherited ``mark``, whatever their parent is by now."""
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in _all() if wanted in _read(pid, "environ").split(b"\0") and alive(pid)]


def children(parent: int) -> List[int]:
    """Return the living children of a process."""
    return [pid for pid in _all() if alive(pid) and _status(pid)[1] == str(parent)]


def zombies(parent: int) -> List[int]:
    """Return the ended children that a process has not collected."""
    return [pid for pid in _all() if _status(pid)[:2] == ["Z", str(parent)]]


def alive(pid: int) -> bool:
    """Return whether a process exists and has not ended."""
    return _status(pid)[0] not in ("", "Z", "X")


def name_of(pid: int) -> str:
    """Return what ``ps`` calls a process."""
    return _read(pid, "comm").decode().strip()


def parent_of(pid: int) -> str:
    """Return the process id of a process's parent, as text; empty if there is no such process."""
    return _status(pid)[1]


def _all() -> List[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _status(pid: int) -> List[str]:
    """Return the state and the parent of a process; see proc(5)."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return [field.decode() for field in fields[:2]] or ["", ""]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it ended meanwhile
        return b""
