import contextlib
import os
import uuid
from pathlib import Path

import pytest

from tests.support.callers import Callers
from tests.support.processes import wait_until
from tests.support.servers import SERVING, assert_bit_exact, failure, request

CONTROLLER = Path("/sys/fs/cgroup/memory")
LIMIT_BYTES = 400 << 20


@pytest.fixture
def cgroup():
    """Make a control group with a memory limit, where this process may; gives its folder."""
    folder = CONTROLLER / f"faults-{uuid.uuid4().hex}"
    try:
        folder.mkdir()
        (folder / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
    except OSError:
        pytest.skip("control groups (version 1) cannot be made here")
    yield folder
    with contextlib.suppress(OSError):
        wait_until(lambda: not (folder / "cgroup.procs").read_text(), "its processes to end")
        folder.rmdir()


def test_a_call_that_runs_out_of_memory_fails_alone(serve, dial):
    """Under a limit of the process's own Python raises, and the worker goes on."""
    server = serve()
    before = server.workers
    assert_bit_exact(dial(server))
    told = failure(dial(server), request("limit-memory 4000 then grow 8000"))
    assert told == ("INTERNAL", "MemoryError()")
    assert server.workers == before


def test_a_worker_that_the_kernel_ends_for_its_memory_harms_nobody_else(
    launch, obedient, dial, cgroup
):
    """Under a container's limit the kernel ends the largest process, which is the worker."""
    join = ["sh", "-c", f'echo $$ > {cgroup}/cgroup.procs; exec "$@"', "sh"]
    server = launch(obedient, prefix=join, RUNTIME_WORKERS="2").wait_serving()
    with Callers(server.address, 4) as others:
        told = failure(dial(server), request("grow 2000"))
        others.wait_answers(32)
    assert (told.status, others.failures) == ("INTERNAL", [])
    assert "was killed by SIGKILL" in told.details
    assert server.health() == SERVING
    assert_bit_exact(dial(server))
    assert os.path.exists(f"/proc/{server.front}")
    server.end()
