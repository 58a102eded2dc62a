"""Build, try and tag images with docker's own client, which is there with every engine."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections import deque
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Iterator, List, Sequence

from serving_runtime.errors import LoadError, StartError
from serving_runtime.image.dockerfile import MODEL

LINES_OF_A_FAILURE = 25
# "#7 [packages 3/9] RUN …" of BuildKit, "Step 3/9 : RUN …" of the classic builder.
STEP = re.compile(r"(?:#\d+ \[[^]]*?\d+/\d+\]|Step \d+/\d+ :) ((?:FROM|COPY|RUN) .*)")
NOISE = re.compile(r"\s*$| ---> |#\d+ (?:sha256:|transferring |extracting |DONE|CACHED)")
UNUSABLE = "start it, or set DOCKER_HOST; --dry-run prints the Dockerfile and needs no engine"


class BuildFailed(Exception):
    """The build failed; the text is the builder's last words, ``steps`` is what had begun."""

    def __init__(self, words: str, steps: Sequence[str]) -> None:
        super().__init__(words)
        self.steps = steps


def check() -> None:
    """See that there is a client, and an engine behind it.

    Raises:
        StartError: there is not.
    """
    try:
        run = _run("version", "--format", "{{.Server.Version}}")
    except OSError as error:
        raise StartError(
            f"docker cannot be run: {error.strerror}; expected Docker's client on PATH",
            "install it; --dry-run prints the Dockerfile, to be built elsewhere",
        ) from None
    if run.returncode:
        raise StartError(f"docker has no engine: {run.stderr.strip()}", UNUSABLE)


@contextlib.contextmanager
def candidate() -> Iterator[str]:
    """Name an image that is not proved yet, and take the name away at the end.

    What was tagged in between stays, and what was not goes.
    """
    name = f"serving-runtime-build/{os.urandom(8).hex()}"
    try:
        yield name
    finally:
        _run("image", "rm", name)


def build(
    dockerfile: str, context: Path, options: Sequence[str], begun: Callable[[str], None]
) -> None:
    """Build an image.

    Args:
        dockerfile: its text.
        context: the directory that ``COPY`` copies from, which is read where it is.
        options: of ``docker build``.
        begun: called with each step as it begins.

    Raises:
        BuildFailed: with the builder's last words.
    """
    last: Deque[str] = deque(maxlen=LINES_OF_A_FAILURE)
    steps: List[str] = []
    with tempfile.TemporaryFile() as source:
        source.write(dockerfile.encode("utf-8"))
        source.seek(0)
        with subprocess.Popen(
            ["docker", "build", *options, "--file", "-", str(context)],
            env={**os.environ, "BUILDKIT_PROGRESS": "plain"},
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                if not NOISE.match(line):
                    last.append(line)
                step = STEP.match(line)
                # Steps that run side by side are named again and again.
                if step and step.group(1) not in steps:
                    steps.append(step.group(1))
                    begun(step.group(1))
    if process.returncode:
        raise BuildFailed("".join(last).strip(), steps)


def describe(image: str) -> Dict[str, Any]:
    """Return what the engine knows of an image.

    Raises:
        StartError: it is not here.
    """
    found: List[Dict[str, Any]] = json.loads(_asked("image", "inspect", image))
    return found[0]


def is_here(image: str) -> bool:
    """Whether the engine has an image."""
    return _run("image", "inspect", image).returncode == 0


def tags_of(repository: str) -> List[str]:
    """Return the images of a repository that the engine has, as NAME:TAG."""
    listed = _run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).stdout
    return [name for name in listed.split() if not name.endswith(":<none>")]


def validate_command(image: str) -> List[str]:
    """Return what a container of an image runs to try its model, by its entrypoint.

    Raises:
        StartError: it is none of a serving runtime.
    """
    entrypoint = describe(image)["Config"].get("Entrypoint") or []
    if entrypoint[1:2] != ["serve"]:
        raise StartError(
            f"the image to build on is no serving runtime: its entrypoint is {entrypoint},"
            " expected serving-runtime serve --runtime NAME",
            "name one with --runtime FRAMEWORK:VERSION",
        )
    return [entrypoint[0], "validate", MODEL, *entrypoint[2:]]


def validate(image: str, command: Sequence[str], options: Sequence[str]) -> str:
    """Load an image's model inside of it, without a network, and return what that prints.

    Raises:
        LoadError: the model cannot be served; with the image's own words.
    """
    options = ["--rm", "--network", "none", *options, "--entrypoint", command[0]]
    run = _run("run", *options, image, *command[1:])
    if run.returncode:
        words = "\n".join(filter(None, [run.stdout.rstrip(), run.stderr.rstrip()]))
        raise LoadError(
            f"the image does not serve the model (exit code {run.returncode}):\n{words}",
            "mend the model or its requirements; --no-validate builds it all the same",
        )
    return run.stdout


def tag(image: str, name: str) -> None:
    """Add another name to an image.

    Raises:
        StartError: docker refuses it.
    """
    _asked("tag", image, name)


def _asked(*arguments: str) -> str:
    run = _run(*arguments)
    if run.returncode:
        raise StartError(f"`docker {' '.join(arguments)}` failed: {run.stderr.strip()}")
    return run.stdout


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["docker", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
