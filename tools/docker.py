"""Call the `docker` command, the one client that is there with every engine."""

import functools
import json
import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable
from typing import IO, Any

from tools import programs
from tools.command_line import ToolError

LINES_OF_A_FAILURE = 25
FIRST_WITHOUT_BUILDKIT = 23
# "#7 [stage-1 3/9] RUN …"; where two Dockerfiles differ is behind what they mount.
STEP = re.compile(r"#\d+ \[\S.*?\d+/\d+\] ((?:FROM|COPY|RUN) )(?:--mount=\S+ +)*(.{0,70})")


class DockerError(ToolError):
    """A command failed; the message is its own last words."""


def output(
    *arguments: str, stdin: IO[bytes] | None = None, timeout_seconds: float | None = None
) -> str:
    """Return what a command prints.

    Raises:
        DockerError: it failed, or took too long.
    """
    named = f"`docker {' '.join(arguments[:3])} …`"
    try:
        run = programs.run(["docker", *arguments], stdin=stdin, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        raise DockerError(f"{named} took longer than {timeout_seconds} s") from None
    if run.returncode:
        raise DockerError(f"{named} failed:\n{run.stderr.strip()}")
    return run.stdout.strip()


def inspect(name: str) -> dict[str, Any] | None:
    """Describe an image as the engine does; None if there is none of that name."""
    try:
        found: list[dict[str, Any]] = json.loads(output("image", "inspect", name))
    except DockerError:
        return None
    return found[0]


def describe(container: str) -> dict[str, Any]:
    """Describe a container as the engine does."""
    found: list[dict[str, Any]] = json.loads(output("container", "inspect", container))
    return found[0]


def logs(container: str) -> str:
    """Return what a container has printed, on both streams, in order."""
    return programs.run(["docker", "logs", container], in_one=True).stdout


def build(
    *arguments: str,
    context: IO[bytes] | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> None:
    """Build an image.

    Args:
        arguments: of `docker build`.
        context: a tar archive for a build that reads it from standard input.
        progress: called with each step as it begins.

    Raises:
        DockerError: the build failed; the message is its last lines.
    """
    with subprocess.Popen(
        [_builder(), "build", *arguments],
        env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"},
        stdin=context,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        last: deque[str] = deque(maxlen=LINES_OF_A_FAILURE)
        seen: set[str] = set()  # steps that run side by side are named again and again
        for line in process.stdout or ():
            last.append(line)
            step = STEP.match(line)
            if step and line not in seen:
                progress(step[1] + step[2])
                seen.add(line)
    if process.returncode:
        raise DockerError("".join(last).strip())


@functools.cache
def _builder() -> str:
    """Find a client that builds with BuildKit: new ones only do with their plug-in."""
    for folder in os.get_exec_path():
        client = shutil.which("docker", path=folder)
        if client and _has_buildkit(client):
            return client
    raise DockerError("no docker on PATH builds with BuildKit: install its plug-in, docker-buildx")


def _has_buildkit(client: str) -> bool:
    version = _output_or_empty(client, "version", "--format", "{{.Client.Version}}")
    is_old = version and int(version.split(".", maxsplit=1)[0]) < FIRST_WITHOUT_BUILDKIT
    return bool(is_old or _output_or_empty(client, "buildx", "version"))


def _output_or_empty(*command: str) -> str:
    """Return what a command prints; empty if it fails."""
    run = programs.run(command)
    return run.stdout.strip() if run.returncode == 0 else ""
