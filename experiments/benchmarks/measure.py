"""Measure a server from outside: CPU time and memory of its whole process tree."""

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
PSS, HELD = ("Pss:",), ("Pss_Anon:", "Pss_Shmem:")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Use(NamedTuple):
    """What a process tree has used, and holds."""

    cpu_seconds: float
    pss_mb: float
    processes: int


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """Return a process and all that descend from it, as far as they still run."""
    children: dict[int, list[int]] = {}
    for stat in proc.glob("[0-9]*/stat"):
        parent = _parent(stat)
        if parent is not None:
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def use(pid: int, proc: Path = PROC) -> Use:
    """Measure a process and its descendants, those that ended and were waited for too."""
    pids = tree(pid, proc)
    ticks = sum(_ticks(proc / str(member)) for member in pids)
    kilobytes = sum(_kilobytes(proc / str(member), PSS) for member in pids)
    return Use(ticks / TICKS_PER_SECOND, kilobytes / 1024, len(pids))


def front_and_worker(pid: int) -> dict[str, int]:
    """Return our front's process, and the worker's: the busiest that it has started."""
    _, *children = tree(pid)
    return {"front": pid, "worker": max(children, key=lambda child: use(child).cpu_seconds)}


def held_mb(pid: int, proc: Path = PROC) -> float:
    """Measure the memory that a process and its descendants hold for themselves.

    Pages of files are left out: the system takes them back and reads them again as it likes.
    """
    return sum(_kilobytes(proc / str(member), HELD) for member in tree(pid, proc)) / 1024


def _parent(stat: Path) -> int | None:
    fields = _stat_fields(stat)
    return int(fields[1]) if fields else None


def _ticks(process: Path) -> int:
    """Sum the process' own user and system time, and that of its children that have ended."""
    fields = _stat_fields(process / "stat")
    return sum(map(int, fields[11:15])) if fields else 0


def _stat_fields(stat: Path) -> list[str]:
    """Return the fields from the state on; the name before it may hold anything."""
    try:
        return stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return []


def _kilobytes(process: Path, names: tuple[str, ...]) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def session(leader: int, proc: Path = PROC) -> list[int]:
    """Return the processes of a session: those too that their parents have left behind."""
    found = []
    for stat in proc.glob("[0-9]*/stat"):
        fields = _stat_fields(stat)
        if fields and int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
