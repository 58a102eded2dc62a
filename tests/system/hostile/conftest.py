import pytest

from tests.support import models
from tests.support.fixtures import dial, launch, loopback_without_proxy, obedient, serve
from tests.support.servers import SERVING, assert_bit_exact, channel
from tests.support.targets import OTHER_NIGHTLY, TRANSPORTS

# Fixtures of this folder.
__all__ = ["dial", "launch", "loopback_without_proxy", "obedient", "serve"]

# Connections of raw frames are to end for what is sent over them, not for their age.
OLD_AGE = "5min"


def pytest_generate_tests(metafunc):
    """Run each test over both transports; what a body has, both leave to the worker."""
    if "transport" in metafunc.fixturenames:
        is_of_bodies = metafunc.module.__name__.rpartition(".")[2] == "test_requests"
        names = TRANSPORTS[:1] if is_of_bodies else OTHER_NIGHTLY
        metafunc.parametrize("transport", names, scope="module")


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
