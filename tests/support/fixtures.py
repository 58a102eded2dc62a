"""Fixtures of the tests that start the real server; a folder's conftest imports those it wants.

What a conftest imports is a fixture of its folder.
"""

import pytest

from tests.support import models
from tests.support.servers import Server, channel

__all__ = ["dial", "launch", "loopback_without_proxy", "obedient", "serve"]


@pytest.fixture(scope="module", autouse=True)
def loopback_without_proxy():
    """Keep grpc's default channels from sending loopback's calls through a proxy.

    Only here: the pip of Python 3.6, which other tests run, stumbles over the variable.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "localhost,127.0.0.1")
        yield


@pytest.fixture(scope="module")
def launch(tmp_path_factory, transport):
    """Start servers over the transport; end what is left of them after the module's last test."""
    servers = []

    def start(model, **settings):
        settings = {"RUNTIME_GRPC_TRANSPORT": transport, **settings}
        servers.append(Server(model, tmp_path_factory.mktemp("server"), **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def obedient(tmp_path):
    """A model directory of the test's own whose model does what requests say."""
    return models.write_obedient(tmp_path / "obedient")


@pytest.fixture
def serve(launch, obedient):
    """Serve the obedient model with settings of the test's choosing; ends with the test."""
    servers = []

    def start(**settings):
        servers.append(launch(obedient, **settings))
        return servers[-1].wait_serving()

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def dial():
    """Open channels, and close them after the test."""
    channels = []

    def open_channel(server, *options):
        channels.append(channel(server.address, *options))
        return channels[-1]

    yield open_channel
    for opened in channels:
        opened.close()
