import pytest

from tests.support import models
from tests.support.servers import SERVING, assert_bit_exact, channel
from tests.system.faults.conftest import (
    _no_proxy,
    dial,
    launch,
    obedient,
    pytest_generate_tests,
    serve,
)

__all__ = ["_no_proxy", "dial", "launch", "obedient", "pytest_generate_tests", "serve"]

# Connections of raw frames are to end for what is sent over them, not for their age.
OLD_AGE = "5min"


@pytest.fixture(scope="module")
def server(launch, tmp_path_factory):
    """One server for all of the module's attacks; its largest message has 1 MiB."""
    model = models.write_obedient(tmp_path_factory.mktemp("model") / "obedient")
    settings = {"RUNTIME_MAX_MESSAGE_BYTES": "1MiB", "RUNTIME_CONNECTION_AGE": OLD_AGE}
    return launch(model, **settings).wait_serving()


@pytest.fixture
def unharmed(server):
    """The server, which answers bit for bit as before afterwards, with the same workers."""
    workers = server.workers
    yield server
    with channel(server.address) as connection:
        assert_bit_exact(connection)
    assert server.health() == SERVING
    assert server.workers == workers
