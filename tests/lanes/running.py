"""Run the parts of a lane side by side, and show what each says while it says it."""

import concurrent.futures
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lanes.closing import Counts, counts_of

# How long nothing may be seen before the parts that run are named.
HEARTBEAT_SECONDS = 30.0

Show = Callable[[str], None]


class Result(NamedTuple):
    """What came of a part: its exit code, what it took, and what its runs of pytest counted."""

    part: str
    code: int
    seconds: float
    counts: Counts


class Runner:
    """Runs parts, so many at a time, in the order in which they are given.

    Args:
        jobs: how many parts run at a time.
        logs: the folder where the whole output of each part is kept.
        show: takes a line.
    """

    def __init__(self, jobs: int, logs: Path, show: Show) -> None:
        self._jobs = jobs
        self._logs = logs
        self._show = show
        self._began: dict[str, float] = {}
        self._shown = time.monotonic()

    def run(self, commands: Mapping[str, Sequence[str]]) -> list[Result]:
        """Run each part's command; return the results in the order of the parts."""
        self._logs.mkdir(parents=True, exist_ok=True)
        width = max(map(len, commands))
        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            started = [
                pool.submit(self._run_one, part, command, width)
                for part, command in commands.items()
            ]
            while concurrent.futures.wait(started, 1.0).not_done:
                self._beat()
        return [it.result() for it in started]

    def log_of(self, part: str) -> Path:
        """Return the file that has a part's output."""
        return self._logs / f"{part}.log"

    def _run_one(self, part: str, command: Sequence[str], width: int) -> Result:
        began = self._began[part] = time.monotonic()
        counts = Counts()
        with self.log_of(part).open("w", encoding="utf-8") as log, _start(command) as process:
            for line in process.stdout or ():
                log.write(line)
                counts += counts_of(line)
                self._tell(f"{part:<{width}} | {line.rstrip()}")
        del self._began[part]
        return Result(part, process.returncode, time.monotonic() - began, counts)

    def _tell(self, line: str) -> None:
        self._shown = time.monotonic()
        self._show(line)

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._shown > HEARTBEAT_SECONDS:
            running = [
                f"{part} ({now - began:.0f} s)" for part, began in self._began.copy().items()
            ]
            self._tell(f"still running: {', '.join(running)}")


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
