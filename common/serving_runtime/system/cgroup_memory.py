"""Find how much memory this container may use, and how much of that is in use.

The kernel ends a process of a control group that exceeds its limit, without a word to it: what is
to live in a small container must know the limit, and keep below it. Limits may be nested, a pod's
around a container's: the one that leaves the least counts.

See: docs.kernel.org/admin-guide/cgroup-v2.html (memory.max, memory.stat), and
docs.kernel.org/admin-guide/cgroup-v1/memory.html (hierarchical_memory_limit).
"""

import os
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


class Memory(NamedTuple):
    """A limit in bytes, what its processes have taken of it, and whose limit it is.

    ``used`` is without the page cache, which the kernel takes back before it ends anyone, and 0
    where there is no limit but the machine.
    """

    limit: int
    used: int
    is_container: bool

    @property
    def left(self) -> int:
        """What is left, at least 0."""
        return max(0, self.limit - self.used)


def available(cgroups: Path = CGROUPS, own_groups: Path = OWN_GROUPS) -> Memory:
    """Return the memory that this process may use: its container's, or the machine's."""
    host = Memory(host_bytes(), 0, is_container=False)
    groups = [group for group in _groups(cgroups, own_groups) if group.limit < host.limit]
    return min(groups, key=lambda group: group.left) if groups else host


def host_bytes() -> int:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _groups(cgroups: Path, own_groups: Path) -> Iterator[Memory]:
    """Yield what each control group around this process says, those without a limit too."""
    paths = _own_paths(own_groups)
    if "memory" in paths:
        mount, read = cgroups / "memory", _version_1
    else:
        mount, read = cgroups, _version_2
    for folder in _nested(mount, paths.get("memory", paths.get("", "/"))):
        yield from read(folder)


def _own_paths(own_groups: Path) -> Dict[str, str]:
    """Return the paths of this process's groups by controller; version 2's has no name."""
    entries = [line.split(":", 2) for line in _text(own_groups).splitlines()]
    return {name: entry[2] for entry in entries for name in entry[1].split(",")}


def _nested(mount: Path, path: str) -> List[Path]:
    """Return the folders of a group and of those around it.

    In a container the group's own folder is often mounted as the root, while its path is the
    host's: then the root is all that can be seen.
    """
    own = mount / path.lstrip("/")
    if not own.is_dir() or mount not in (own, *own.parents):
        return [mount]
    return [own, *(it for it in own.parents if mount in (it, *it.parents))]


def _version_1(folder: Path) -> Iterator[Memory]:
    stat = _numbers(folder / "memory.stat")
    limits = [_number(folder / "memory.limit_in_bytes")]
    # Also of groups around it that cannot be seen from inside of the container.
    limits.append(stat.get("hierarchical_memory_limit", 0))
    used = stat.get("total_rss", 0) + stat.get("total_shmem", 0)
    yield from (Memory(limit, used, is_container=True) for limit in limits if limit > 0)


def _version_2(folder: Path) -> Iterator[Memory]:
    limit = _number(folder / "memory.max")
    stat = _numbers(folder / "memory.stat")
    used = sum(stat.get(name, 0) for name in ("anon", "shmem", "kernel_stack", "pagetables"))
    if limit > 0:
        yield Memory(limit, used, is_container=True)


def _number(path: Path) -> int:
    """Return the number in a file; 0 for no such file, and for ``max``."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else 0


def _numbers(path: Path) -> Dict[str, int]:
    """Return the numbers of a file of lines of a name and a number."""
    pairs = [line.split() for line in _text(path).splitlines()]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
