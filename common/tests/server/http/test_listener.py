import asyncio
import os
import socket
import stat

import pytest

from serving_runtime.errors import StartError
from serving_runtime.server.http.listener import Listener


@pytest.fixture
def accepted():
    """Yield a list for the sockets of clients, and close them."""
    sockets = []
    yield sockets
    for one in sockets:
        one.close()


@pytest.fixture
def listener(loop, accepted):
    """Yield a listener, and close it."""
    made = Listener(accepted.append)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("host", "dialled"),
    [("[::]", "127.0.0.1"), ("[::]", "::1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"),
     ("localhost", "localhost"), ("[::1]", "::1"), ("::", "127.0.0.1")],
)  # fmt: skip
def test_hosts(run, until, listener, accepted, host, dialled):
    """As RUNTIME_HOST has them: of either family, or both."""
    port = listener.listen(host, 0)
    with socket.create_connection((dialled, port), timeout=10):
        run(until(lambda: accepted))


def test_a_port_that_is_taken(loop, listener):
    """Nobody shares it."""
    port = listener.listen("127.0.0.1", 0)
    other = Listener(lambda client: None)
    with pytest.raises(OSError, match="in use"):
        other.listen("127.0.0.1", port)
    other.close()


def test_who_has_connected_is_taken_before_the_end(run, loop, listener, accepted):
    """The kernel would reset those that nobody has accepted."""
    port = listener.listen("127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        listener.close()
        assert [one.getpeername() for one in accepted] == [client.getsockname()]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_a_socket_at_a_path(run, until, listener, accepted, tmp_path):
    """Its owner and group alone may connect, and it is gone in the end."""
    path = str(tmp_path / "http.sock")
    listener.listen_at(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        run(until(lambda: accepted))
    listener.close()
    assert os.listdir(str(tmp_path)) == []


def test_a_path_that_cannot_be_used(listener, tmp_path):
    """With the reason."""
    with pytest.raises(StartError, match="there is no folder"):
        listener.listen_at(str(tmp_path / "no" / "http.sock"))


def test_it_goes_on_once_a_descriptor_is_free(run, until, listener, accepted, monkeypatch):
    """Clients wait meanwhile; nothing spins, and nothing ends."""
    port = listener.listen("127.0.0.1", 0)
    refusals = []

    class Exhausted:
        """A listening socket that has no descriptor left, twice."""

        def __init__(self, real):
            self._real = real

        def accept(self):
            """Fail, and then accept."""
            if len(refusals) < 2:
                refusals.append(1)
                raise OSError(24, "Too many open files")
            return self._real.accept()

        def __getattr__(self, name):
            return getattr(self._real, name)

    [real] = listener._sockets
    exhausted = Exhausted(real)
    listener._sockets[:] = [exhausted]
    listener._resume(exhausted)
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        run(until(lambda: accepted))
    assert len(refusals) == 2
    assert asyncio.get_event_loop()
