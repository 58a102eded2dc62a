"""Make control groups with a limit of memory (version 1), to run servers in as in a container."""

import contextlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import wait_until

CONTROLLER = Path("/sys/fs/cgroup/memory")


class MemoryGroup:
    """A control group whose processes may have so much memory together.

    Args:
        limit_bytes: of all of them.

    Raises:
        OSError: this process may not make one.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._folder = CONTROLLER / f"serving-{uuid.uuid4().hex}"
        self._folder.mkdir()
        self._write("memory.limit_in_bytes", limit_bytes)

    @property
    def prefix(self) -> list[str]:
        """The command that runs another one in the group."""
        return ["sh", "-c", f'echo $$ > {self._folder}/cgroup.procs; exec "$@"', "sh"]

    @property
    def peak_bytes(self) -> int:
        """The most that was in use, the page cache too, since the last ``reset_peak``."""
        return int(self._read("memory.max_usage_in_bytes"))

    def reset_peak(self) -> None:
        """Forget the peak so far."""
        self._write("memory.max_usage_in_bytes", 0)

    @property
    def kills(self) -> int:
        """How many processes the kernel has ended for want of memory."""
        found = re.search(r"oom_kill (\d+)", self._read("memory.oom_control"))
        return int(found.group(1)) if found else 0

    def remove(self) -> None:
        """Remove the group once its processes have ended."""
        with contextlib.suppress(OSError):
            wait_until(lambda: not self._read("cgroup.procs"), "its processes to end")
            self._folder.rmdir()

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="ascii")

    def _write(self, name: str, value: int) -> None:
        (self._folder / name).write_text(str(value), encoding="ascii")


@contextlib.contextmanager
def memory_group(limit_bytes: int) -> Iterator[MemoryGroup]:
    """Make a group, and remove it at the end of the block.

    Raises:
        OSError: this process may not make one.
    """
    group = MemoryGroup(limit_bytes)
    try:
        yield group
    finally:
        group.remove()
