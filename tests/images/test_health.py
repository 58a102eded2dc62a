import pytest

from tests.images.containers import mounted
from tests.images.models import copy_of

# Whose models load in no time.
SHORTEST = "python"
# Each check starts a Python, which takes half a second of a core.
OFTEN = "--health-interval=2s"
# Half a minute of back-off, and six loads that fail; then a last back-off and a load.
TRIES_SECONDS = 240
# Workers are the children of the server, the container's first process.
KILL_WORKERS = """
import os, pathlib, signal
for status in pathlib.Path('/proc').glob('[0-9]*/status'):
    if 'PPid:\\t1\\n' in status.read_text():
        os.kill(int(status.parent.name), signal.SIGKILL)
"""


def test_docker_s_health_follows_the_service_s(run, model, tmp_path, row):
    """A model that cannot come back makes the container unhealthy, and healthy when it can.

    Not before a minute of tries has failed: Swarm replaces what is unhealthy.
    """
    if row.runtime != SHORTEST:
        pytest.skip("the front, which decides it, is the same in each image, and it takes minutes")
    copy = copy_of(model, tmp_path)
    container = run(mounted(copy), OFTEN)
    container.wait_health("healthy")
    away = (copy / "files").rename(copy / "away")
    container.python(KILL_WORKERS)
    container.wait_health("unhealthy", TRIES_SECONDS)
    away.rename(copy / "files")
    container.wait_health("healthy", TRIES_SECONDS)


def test_a_worker_that_dies_is_replaced(run, model):
    """The death of a model's process alone leaves the container running and healthy."""
    container = run(mounted(model), OFTEN)
    container.wait_health("healthy")
    container.python(KILL_WORKERS)
    container.wait_until(lambda: "worker-2 serves" in container.logs, "second worker")
    container.wait_health("healthy")
    assert container.state["Running"]


def test_health_heeds_the_port_that_a_manager_injects(run, model):
    """Hydrosphere's manager sets APP_PORT, and waits for Docker's word that it is healthy."""
    container = run(mounted(model), OFTEN, "--env=APP_PORT=9091")
    container.wait_health("healthy")
    assert "listening on [::]:9091" in container.logs
