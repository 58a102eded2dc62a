"""Runs images in containers that may do nothing but serve.

The root is read-only and nothing beside it can be written, there is no network but loopback, no
capability and no /dev/shm, no new privileges, an unknown user of group 0, and a limit to processes
and to memory. Clients come in by a second container, which shares the network; see relay.py.
"""

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.images import relay
from tests.images.containers import Container, InContainer
from tests.support.targets import TRANSPORTS
from tools import docker

USER, GROUP, PROCESSES, MEMORY_BYTES = 54321, 0, 128, 2**30
LOCKED_DOWN = (
    "--read-only",
    "--network=none",
    "--ipc=none",  # no /dev/shm
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    f"--user={USER}:{GROUP}",
    f"--pids-limit={PROCESSES}",
    f"--memory={MEMORY_BYTES}",
    f"--memory-swap={MEMORY_BYTES}",  # the same: no swap
)
# Each probe is a process that imports gRPC; tests/images/test_health.py is about them.
NOT_PROBED = "--no-healthcheck"


class LockedDown(InContainer):
    """An image in a container without rights, for each model one."""

    name = "locked-down"
    options = (*LOCKED_DOWN, NOT_PROBED)

    @contextlib.contextmanager
    def reached(self, container: Container) -> Iterator[str]:
        """Yield where clients reach it by a relay, while the context lasts."""
        with reached(container, self.image) as address:
            yield address


@contextlib.contextmanager
def reached(container: Container, image: str) -> Iterator[str]:
    """Yield where clients reach it, while the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # the relay's user is another
        socket = Path(folder, "socket")
        options = (
            f"--network=container:{container.id}",
            NOT_PROBED,
            f"--volume={folder}:/relay",
            f"--volume={relay.__file__}:/relay.py:ro",
            "--entrypoint=python",
        )
        command = ("/relay.py", "/relay/socket")
        beside = docker.output("run", "--detach", *options, image, *command)
        try:
            container.wait_until(socket.exists, "relay")
            yield f"unix:{socket}"
        finally:
            docker.output("rm", "--force", beside)


@functools.cache
def locked_down(image: str, transport: str = TRANSPORTS[0]) -> LockedDown:
    """Return the same target for the same image and transport, so that its setups are equal."""
    return LockedDown(image, transport)
