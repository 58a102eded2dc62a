import contextlib
import os
import socket

import pytest

from serving_runtime.server.grpc import port_sockets


@pytest.fixture
def listening():
    """Yield a listening socket and its port."""
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        yield listener, listener.getsockname()[1]


@pytest.fixture
def enter(listening):
    """Return a function that connects a client; gives both ends."""
    listener, port = listening
    with contextlib.ExitStack() as ends:

        def enter():
            client = socket.create_connection(("127.0.0.1", port), timeout=10)
            server, _ = listener.accept()
            ends.enter_context(contextlib.closing(client))
            ends.enter_context(contextlib.closing(server))
            return client, server

        yield enter


def test_clients_are_counted(listening, enter):
    """Both ends are in this process: only the one that is bound to the port counts."""
    port = listening[1]
    assert port_sockets.open_connections([port]) == 0
    _, first = enter()
    enter()
    assert port_sockets.open_connections([port]) == 2
    first.close()
    assert port_sockets.open_connections([port]) == 1


def test_other_ports_are_not_counted(listening, enter):
    """Clients of another server in the process are not ours."""
    enter()
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        assert port_sockets.open_connections([other.getsockname()[1]]) == 0


def test_a_port_that_is_shut_takes_no_new_client(listening, enter):
    """A new client is refused at once; those inside go on talking."""
    port = listening[1]
    client, server = enter()
    port_sockets.stop_accepting([port])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(b"still here")
    assert server.recv(10) == b"still here"
    assert port_sockets.open_connections([port]) == 1


def test_only_the_own_port_is_shut(listening):
    """Another server of the process, a metrics port say, stays open."""
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port_sockets.stop_accepting([listening[1]])
        socket.create_connection(other.getsockname(), timeout=10).close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_ipv6_is_seen_too():
    """The default address is [::], which grpc listens on with one IPv6 socket."""
    with contextlib.closing(socket.socket(socket.AF_INET6)) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listener.listen(1)
        port = listener.getsockname()[1]
        with contextlib.closing(socket.create_connection(("::1", port), timeout=10)):
            server, _ = listener.accept()
            with contextlib.closing(server):
                assert port_sockets.open_connections([port]) == 1
        port_sockets.stop_accepting([port])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("::1", port), timeout=10)


def test_a_path_is_a_place_too(listening, enter, tmp_path):
    """Clients of both are counted together, and both are shut."""
    path = str(tmp_path / "socket")
    enter()
    with contextlib.ExitStack() as open_:
        listener = open_.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
        listener.bind(path)
        listener.listen(1)
        client = open_.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
        client.connect(path)
        server = open_.enter_context(contextlib.closing(listener.accept()[0]))
        assert port_sockets.open_connections([path]) == 1
        assert port_sockets.open_connections([listening[1], path]) == 2
        port_sockets.stop_accepting([listening[1], path])
        late = open_.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
        with pytest.raises(ConnectionRefusedError):
            late.connect(path)
        client.sendall(b"still here")
        assert server.recv(10) == b"still here"


def test_other_sockets_and_files_are_passed_over(listening, tmp_path):
    """Pipes, files, unix sockets and unbound sockets are none of the port's."""
    with contextlib.ExitStack() as open_:
        for end in socket.socketpair():
            open_.enter_context(contextlib.closing(end))
        named = open_.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
        named.bind(str(tmp_path / ("n" * 20)))
        open_.enter_context(contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)))
        open_.enter_context((tmp_path / "file").open("w"))
        assert port_sockets.open_connections([listening[1]]) == 0


def test_descriptors_that_close_meanwhile_are_passed_over(listening, enter, monkeypatch):
    """grpc's threads close connections while the drain counts them."""  # noqa: D403  its name
    enter()
    names = os.listdir("/proc/self/fd")
    monkeypatch.setattr(port_sockets.os, "listdir", lambda path: [*names, "999999"])
    assert port_sockets.open_connections([listening[1]]) == 1


def test_looking_leaves_no_descriptor_open(listening, enter):
    """It looks every 20 ms for as long as the drain lasts."""
    enter()
    before = set(os.listdir("/proc/self/fd"))
    port_sockets.open_connections([listening[1]])
    # Others may be closed meanwhile: those of earlier tests, when the collector finds them.
    assert set(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("look", [port_sockets.open_connections, port_sockets.stop_accepting])
def test_socket_may_be_closed_while_it_is_looked_at(enter, monkeypatch, look):
    """Threads of gRPC's close connections whenever those have aged out, also in the drain."""
    _, server = enter()
    server.close()
    monkeypatch.setattr(port_sockets, "_sockets", lambda places: [server])
    assert not look([1])
