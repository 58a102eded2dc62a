"""Provide a Docker engine that answers: one that runs is used, else one of our own is started.

Ours keeps its images, its log and its process id in `/var/lib/serving-runtimes-engine` (or in
`$ENGINE_DIR`), so that local bases outlive it. `stop` ends only that one.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import command_line, docker
from tools.command_line import ToolError
from tools.offline import packages

FOLDER = Path(os.environ.get("ENGINE_DIR", "/var/lib/serving-runtimes-engine"))
PID_FILE = FOLDER / "dockerd.pid"
LOG = FOLDER / "dockerd.log"
DATA = FOLDER / "data"

START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.1

PACKAGES = ("docker.io", "iptables")
PROGRAMS = ("docker", "dockerd", "iptables")


def version() -> str:
    """Return the version of the engine that answers; empty if none does."""
    try:
        return docker.output("version", "--format", "{{.Server.Version}}")
    except (docker.DockerError, FileNotFoundError):
        return ""


def ensure() -> str:
    """Use the engine that runs, or install and start one; returns its version."""
    found = version()
    if found:
        return found
    if os.environ.get("DOCKER_HOST"):
        raise ToolError("no engine answers at $DOCKER_HOST: start it, or unset the variable")
    if os.geteuid() != 0:
        raise ToolError("no Docker engine answers: start one (this tool may as root only)")
    packages.ensure(PROGRAMS, PACKAGES, "for a Docker engine")
    with _lock():
        return version() or _start()


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Hold the lock with which one process at a time starts an engine."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start() -> str:
    command = [str(packages.find("dockerd")), "--data-root", str(DATA), "--pidfile", str(PID_FILE)]
    print(f"starting a Docker engine (log: {LOG})", file=sys.stderr, flush=True)
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--exec-root", str(FOLDER / "run")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tool
            cwd="/",
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = version()
        if found:
            return found
        time.sleep(POLL_SECONDS)
    process.terminate()
    last_lines = "\n".join(LOG.read_text(errors="replace").splitlines()[-5:])
    raise ToolError(f"the engine did not start:\n{last_lines}")


def ours() -> int:
    """Return the process id of the engine that this tool has started; 0 if it does not run."""
    try:
        pid = int(PID_FILE.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (OSError, ValueError):
        return 0
    return pid if str(DATA) in command else 0


def stop() -> bool:
    """End the engine that this tool has started; False if there is none."""
    pid = ours()
    if not pid:
        return False
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while ours():
        if time.monotonic() > until:
            raise ToolError(f"the engine (process {pid}) has not ended in {STOP_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return True


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.offline.engine", __doc__)
    parser.add_argument(
        "command", choices=("start", "stop", "status"), help="status: exit code 1 if none answers"
    )
    command = parser.parse_args(arguments).command
    if command == "start":
        ensure()
    if command == "stop":
        print("stopped" if stop() else "nothing to stop: this tool has started no engine")
        return 0
    found, pid = version(), ours()
    origin = f"started by this tool, process {pid}" if pid else "not started by this tool"
    print(f"engine {found} ({origin})" if found else "no engine answers")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
