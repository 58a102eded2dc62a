import contextlib
import os
import socket
import stat
import sys

import grpc.aio
import pytest
from echoes import ECHO, echo

from serving_runtime.errors import StartError
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.transport import Routes
from serving_runtime.server.unix_socket import UnixSocket

OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
ROUTES = Routes({ECHO: echo}, {})


@pytest.fixture
def path(tmp_path):
    """Return where a socket is to be."""
    return str(tmp_path / "model.sock")


class Started:
    """A transport that listens on a free port and at a path, until the ``with`` block ends."""

    def __init__(self, transport, path):
        self._transport = transport
        self._path = path

    async def __aenter__(self):
        try:
            port = await self._transport.start("127.0.0.1", 0, self._path)
        except BaseException:
            await self._transport.stop(0)
            raise
        return self._transport, port

    async def __aexit__(self, *error):
        await self._transport.stop(0)


@pytest.fixture
def start(make, settings, path):
    """Return a function that starts a transport at the path, in a ``with`` statement."""

    def start(at=path):
        return Started(make(ROUTES, settings(connection_age_seconds=0.5), FrontLock()), at)

    return start


async def ask(address, payload=b"x"):
    """Make a call over a connection of its own."""
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        return await channel.unary_unary(ECHO.grpc_method)(payload, timeout=60)


def connect(path):
    """Connect, and hang up."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(path)


@contextlib.contextmanager
def listening(path):
    """Listen on a socket, as another server does."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(path)
        listener.listen(1)
        yield


def test_calls_come_by_the_socket_and_by_the_port(run, start, path):
    """One server answers both."""

    async def scenario():
        async with start() as (_, port):
            assert await ask(f"unix:{path}", b"by the socket") == b"by the socket"
            assert await ask(f"127.0.0.1:{port}", b"by the port") == b"by the port"

    run(scenario())


def test_only_the_owner_and_the_group_may_connect(run, start, path, tmp_path):
    """From the first moment on, and whatever the umask of the process is, which stays."""

    async def scenario():
        before = os.umask(0)
        try:
            async with start():
                status = os.lstat(path)
                assert stat.S_ISSOCK(status.st_mode)
                assert stat.S_IMODE(status.st_mode) == 0o660
                assert os.listdir(str(tmp_path)) == ["model.sock"]
                assert os.umask(0) == 0
        finally:
            os.umask(before)

    run(scenario())


def test_the_socket_is_gone_with_its_server(run, start, tmp_path):
    """Nothing is left in the folder."""

    async def scenario():
        async with start():
            pass
        assert os.listdir(str(tmp_path)) == []

    run(scenario())


def test_it_shuts_down_as_the_port_does(run, start, path, until):
    """Strangers are refused, those inside are served until their connection has come of age."""

    async def scenario():
        channel = grpc.aio.insecure_channel(f"unix:{path}", options=OPTIONS)
        async with start() as (transport, port), channel:
            assert await channel.unary_unary(ECHO.grpc_method)(b"a") == b"a"
            assert transport.open_connections == 1
            os.link(path, path + ".kept")
            transport.stop_accepting()
            assert not os.path.exists(path)
            with pytest.raises(ConnectionRefusedError):
                connect(path + ".kept")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=10)
            # grpcio 1.48's asyncio server sees the last one leave with its next event only.
            if sys.version_info >= (3, 7):
                await until(lambda: transport.open_connections == 0)

    run(scenario())


def test_what_a_killed_server_has_left_is_replaced(run, start, path):
    """A container that is started again finds it on its volume."""

    async def scenario():
        with listening(path):
            pass
        async with start():
            assert await ask(f"unix:{path}") == b"x"

    run(scenario())


def test_a_socket_in_use_stops_the_start(run, start, path):
    """Its server goes on: grpc's core alone would take the path from it."""

    async def scenario():
        with listening(path):
            with pytest.raises(StartError, match="another server listens there") as caught:
                async with start():
                    pass
            assert "RUNTIME_GRPC_SOCKET" in caught.value.fix
            connect(path)

    run(scenario())


def test_a_second_server_of_the_same_kind_is_refused_too(run, start, path):
    """The first one is still reached."""

    async def scenario():
        async with start():
            with pytest.raises(StartError, match="another server listens there"):
                async with start():
                    pass
            assert await ask(f"unix:{path}") == b"x"

    run(scenario())


def test_a_server_that_ends_leaves_its_successors_socket_alone(run, start, path):
    """One that drains takes no clients any more, and the next one may start."""

    async def scenario():
        async with start() as (first, _):
            first.stop_accepting()
            async with start():
                await first.stop(0)
                assert await ask(f"unix:{path}") == b"x"

    run(scenario())


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: open(path, "w").close(), "no socket"),
        (os.mkdir, "no socket"),
        (lambda path: os.symlink("/nowhere", path), "no socket"),
        (lambda path: os.rmdir(os.path.dirname(path)), "there is no folder"),
    ],
    ids=["file", "folder", "link", "nowhere"],
)
def test_a_path_that_cannot_be_used_stops_the_start(run, start, tmp_path, spoil, why):
    """With what is there, and nothing of it is removed."""
    folder = tmp_path / "run"
    folder.mkdir()
    path = str(folder / "model.sock")
    spoil(path)
    was_there = os.path.lexists(path)

    async def scenario():
        with pytest.raises(StartError, match=why) as caught:
            async with start(path):
                pass
        assert path in caught.value.problem
        assert caught.value.fix
        assert os.path.lexists(path) is was_there

    run(scenario())


def test_a_folder_that_may_not_be_written_to_stops_the_start(path, monkeypatch):
    """A read-only root file system, say: the user is told whose permission is missing."""
    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    refused = pytest.raises(StartError, match=f"not writable by user {os.geteuid()}")
    with refused, UnixSocket(path).placing():
        pytest.fail("it must not come so far")


def test_a_socket_that_cannot_be_renamed_stops_the_start(path):
    """The system's word for it is told."""
    with pytest.raises(StartError, match="No such file"), UnixSocket(path).placing():
        assert not os.path.exists(path)  # core has not bound it


def test_removing_what_was_never_placed_does_nothing(path):
    """A start that failed is stopped as all others are."""
    with listening(path):
        UnixSocket(path).remove()
        connect(path)


def test_a_socket_that_is_too_busy_to_answer_is_in_use(run, start, path):
    """Its list of new clients is full: a refusal would mean that nobody listens."""

    async def scenario():
        with contextlib.ExitStack() as waiting:
            listener = waiting.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
            listener.bind(path)
            listener.listen(0)
            for _ in range(2):
                client = waiting.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    client.connect(path)
            with pytest.raises(StartError, match="another server listens there"):
                async with start():
                    pass

    run(scenario())
