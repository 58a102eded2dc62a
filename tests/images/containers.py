"""Runs containers as users do, with the `docker` command, and waits for what is told of them."""

import contextlib
import datetime
import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.support.services import Answer, Connection
from tests.support.targets import TRANSPORTS, Target
from tools import docker

SECONDS = 200  # some frameworks take ten to import, and a busy machine forty
POLL_SECONDS = 0.05


class Container:
    """A container that runs, or ran, in the background."""

    def __init__(self, image: str, *options: str) -> None:
        self.id = docker.output("run", "--detach", *options, image)

    @property
    def state(self) -> dict:
        """What the engine knows of it."""
        return docker.describe(self.id)["State"]

    @property
    def health(self) -> str:
        """Docker's own word: `starting`, `healthy` or `unhealthy`."""
        return self.state["Health"]["Status"]

    @property
    def logs(self) -> str:
        """What it has printed so far, on both streams."""
        return docker.logs(self.id)

    @property
    def address(self) -> str:
        """Where its service is published on this machine."""
        return self.published("9090/tcp")

    def published(self, port: str) -> str:
        """Where a port of it, such as ``8080/tcp``, is published on this machine."""
        return docker.output("port", self.id, port).splitlines()[0]

    def answer(self, request: bytes) -> Answer:
        """Send a request as soon as it serves."""
        connection = Connection(self.address)
        connection.wait_until_serving()
        answer = connection.answer(request)
        connection.channel.close()
        return answer

    def wait_health(self, status: str, seconds: float = SECONDS) -> None:
        """Wait until Docker says that it is healthy, or is not."""
        self.wait_until(lambda: self.health == status, status, seconds)

    def wait_exit_code(self) -> int:
        """Wait until it has ended."""
        self.wait_until(lambda: self.state["Status"] == "exited", "the end")
        return self.state["ExitCode"]

    def wait_until(
        self, condition: Callable[[], bool], what: str, seconds: float = SECONDS
    ) -> None:
        """Wait for a condition, and show the log if it does not come about."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"no {what} in {seconds:g} s:\n{self.logs}"
            time.sleep(POLL_SECONDS)

    def python(self, code: str) -> str:
        """Run code inside, beside the service and as the same user."""
        return docker.output("exec", self.id, "python", "-c", code)

    def stop(self) -> None:
        """Stop it as orchestrators do: SIGTERM, and a kill after ten seconds."""
        docker.output("stop", self.id)

    def remove(self) -> None:
        """Leave nothing of it."""
        docker.output("rm", "--force", "--volumes", self.id)

    @property
    def seconds_lived(self) -> float:
        """From its start to its end."""
        began, ended = (_moment(self.state[name]) for name in ("StartedAt", "FinishedAt"))
        return (ended - began).total_seconds()


def _moment(text: str) -> datetime.datetime:
    """Read the engine's time, which has nanoseconds."""
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*Z", r"\1+00:00", text))


def mounted(model: Path, mode: str = "ro") -> str:
    """Return the option that mounts a model directory."""
    return f"--volume={model}:/model:{mode}"


PUBLISHED = "--publish=127.0.0.1::9090"


class InContainer(Target):
    """An image, in a container of its own for each model."""

    name = "container"
    options: Sequence[str] = (PUBLISHED,)

    def __init__(self, image: str, transport: str) -> None:
        self.image = image
        self._transport = transport

    @contextlib.contextmanager
    def start(
        self, framework: str, model_dir: Path, settings: Mapping[str, str]
    ) -> Iterator[Connection]:
        """Serve a model directory, and see that the container ends well."""
        # Mounted at /model, it would not be called as its own directory is.
        fixed = {
            "MODEL_NAME": model_dir.name,
            "RUNTIME_DRAIN_DELAY": "0s",
            "RUNTIME_GRPC_TRANSPORT": self._transport,
        }
        chosen = {**fixed, **settings}
        options = [f"--env={name}={value}" for name, value in chosen.items()]
        container = Container(self.image, *self.options, mounted(model_dir), *options)
        try:
            with self.reached(container) as address:
                connection = Connection(address)
                connection.wait_until_serving()
                yield connection
                connection.channel.close()
            container.stop()
            code = container.state["ExitCode"]
            assert code == 0, f"it ended with {code}:\n{container.logs}"
        finally:
            container.remove()

    @contextlib.contextmanager
    def reached(self, container: Container) -> Iterator[str]:
        """Yield where clients reach it, while the context lasts."""
        yield container.address


@functools.cache
def target(image: str, transport: str = TRANSPORTS[0]) -> InContainer:
    """Return the same target for the same image and transport, so that its setups are equal."""
    return InContainer(image, transport)
