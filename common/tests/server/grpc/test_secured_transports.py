import asyncio
import contextlib
import os
import socket
import ssl

import grpc
import grpc.aio
import pytest
from echoes import ECHO, STREAM, echo, echo_stream

from serving_runtime import operations, security
from serving_runtime.client.connection import ConnectionOptions
from serving_runtime.errors import StartError
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import auto
from serving_runtime.server.grpc.asyncio_transport import AsyncioTransport
from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport
from serving_runtime.server.transport import Routes
from tests.support.authority import Authority

OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]

# HTTP/2 by hand: a client's preface with empty SETTINGS, and a POST to ECHO. See: RFC 9113, 7541.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"
DATA, HEADERS, RESET, WINDOW_UPDATE = 0, 1, 3, 8
END_STREAM, END_HEADERS = 1, 4
REQUEST = b"".join(
    [
        b"\x83\x86",  # :method POST, :scheme http
        b"\x04\x12/test.Service/Echo",
        b"\x41\x01h",
        b"\x00\x02te\x08trailers",
        b"\x00\x0ccontent-type\x10application/grpc",
    ]
)


ROUTES = Routes(
    {ECHO: echo, operations.HEALTH_CHECK: echo},
    {STREAM: echo_stream, operations.HEALTH_WATCH: echo_stream},
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tls(authority, tmp_path):
    """Return settings that switch TLS on; the files are the test's own."""
    pair = authority.issue("localhost")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    pair.cert.rename(cert)
    pair.key.rename(key)
    return {"tls_cert": str(cert), "tls_key": str(key)}


@pytest.fixture
def token(tmp_path):
    """Return settings that ask for the token ``good``."""
    path = tmp_path / "tokens"
    path.write_text("good\n", encoding="ascii")
    return {"token_file": str(path)}


@pytest.fixture
def trusting(authority):
    """Connect as a client that trusts the CA."""
    return ConnectionOptions(tls=True, trusted=authority.cert.read_bytes())


@pytest.fixture
def serve(run, settings, make):
    """Return a function that runs ``scenario(dial, protection)`` against a transport.

    ``dial(dialing)`` opens a channel, over a connection of its own.
    """

    async def whole(scenario, chosen):
        protected = security.from_settings(chosen)
        transport = make(ROUTES, chosen, FrontLock(), protected)
        # A name may stand for two addresses: a port that is free at one may be taken at the other.
        port = await transport.start("127.0.0.1", 0, chosen.grpc_socket)
        channels = []

        def dial(dialing, address=f"127.0.0.1:{port}"):
            channels.append(dialing.channel(address, OPTIONS, grpc.aio))
            return channels[-1]

        dial.port, dial.socket = port, f"unix:{chosen.grpc_socket}"
        try:
            await scenario(dial, protected)
        finally:
            for channel in channels:
                await channel.close()
            await transport.stop(0)

    return lambda scenario, **changes: run(whole(scenario, settings(**changes)))


async def ask(channel, method=ECHO.grpc_method, token=None, payload=b"x"):
    """Call a method; returns the name of the status."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    call = channel.unary_unary(method)(payload, metadata=metadata, timeout=30)
    with contextlib.suppress(grpc.aio.AioRpcError):
        assert await call == payload
    return (await call.code()).name


async def stream(channel, method=STREAM.grpc_method, token=None):
    """Open a stream with one request; returns the name of the status."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    call = channel.unary_stream(method)(b"x", metadata=metadata, timeout=30)
    with contextlib.suppress(grpc.aio.AioRpcError):
        assert [reply async for reply in call] == [b"x"]
    return (await call.code()).name


def test_tokens_cover_every_method(serve, token):
    """Those that there are not, too: a stranger learns nothing of what is served."""

    async def scenario(dial, protected):
        channel = dial(ConnectionOptions())
        assert await ask(channel, token="good") == "OK"
        assert await ask(channel, "/test.Service/Other", token="good") == "UNIMPLEMENTED"
        for method in (ECHO.grpc_method, "/test.Service/Other"):
            assert await ask(channel, method) == "UNAUTHENTICATED"
            assert await ask(channel, method, token="bad") == "UNAUTHENTICATED"
        assert await stream(channel, token="good") == "OK"
        for shown in (None, "bad"):
            assert await stream(channel, token=shown) == "UNAUTHENTICATED"

    serve(scenario, **token)


def test_a_refusal_says_what_was_expected(serve, token):
    """And names the setting, by which the service's owner finds the tokens."""

    async def scenario(dial, protected):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await dial(ConnectionOptions()).unary_unary(ECHO.grpc_method)(b"")
        assert "authorization: Bearer TOKEN" in caught.value.details()
        assert "RUNTIME_TOKEN_FILE" in caught.value.details()

    serve(scenario, **token)


@pytest.mark.parametrize("is_open", [True, False])
def test_health_is_open_or_not(serve, token, is_open):
    """As RUNTIME_OPEN_HEALTH says: probes of Kubernetes have no token."""
    expected = "OK" if is_open else "UNAUTHENTICATED"

    async def scenario(dial, protected):
        channel = dial(ConnectionOptions())
        assert await ask(channel, operations.HEALTH_CHECK.grpc_method) == expected
        assert await stream(channel, operations.HEALTH_WATCH.grpc_method) == expected
        assert await ask(channel, operations.HEALTH_CHECK.grpc_method, token="good") == "OK"

    serve(scenario, open_health=is_open, **token)


def test_renewed_tokens_count_for_open_connections(serve, token):
    """A token that was taken away is of no use at once, however long its client stays."""

    async def scenario(dial, protected):
        channel = dial(ConnectionOptions())
        assert await ask(channel, token="good") == "OK"
        with open(token["token_file"], "w", encoding="ascii") as file:
            file.write("better\n")
        protected.access.tokens.refresh()
        assert await ask(channel, token="good") == "UNAUTHENTICATED"
        assert await ask(channel, token="better") == "OK"

    serve(scenario, **token)


def test_a_stranger_cannot_send_much(serve, token):
    """The request of a call that is refused is not received: no more of it is ever asked for."""

    async def scenario(dial, protected):
        reader, writer = await asyncio.open_connection("127.0.0.1", dial.port)
        writer.write(PREFACE + frame(HEADERS, END_HEADERS, REQUEST))
        writer.write(frame(DATA, 0, (b"\0" + (2**26).to_bytes(4, "big")).ljust(16000, b"x")))
        granted = 0
        while True:
            kind, flags, number, body = await read_frame(reader)
            if kind == WINDOW_UPDATE and number == 1:
                granted += int.from_bytes(body, "big")
            if number == 1 and (kind == RESET or flags & END_STREAM):
                break
        assert granted == 0
        writer.close()

    serve(scenario, **token)


def frame(kind, flags, body):
    """Write a frame of HTTP/2, of stream 1."""
    return len(body).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + body


async def read_frame(reader):
    """Read a frame of HTTP/2: its kind, flags, stream and body."""
    head = await reader.readexactly(9)
    body = await reader.readexactly(int.from_bytes(head[:3], "big"))
    return head[3], head[4], int.from_bytes(head[5:], "big"), body


def test_tls_serves_those_who_trust_the_ca(serve, tls, trusting):
    """Unary calls and streams, and a large message."""

    async def scenario(dial, protected):
        channel = dial(trusting)
        assert await ask(channel, payload=b"x" * 3 * 2**20) == "OK"
        assert await stream(channel) == "OK"

    serve(scenario, **tls)


def test_a_socket_wants_the_same_certificates_and_tokens(serve, tls, token, trusting, tmp_path):
    """Who may open the file is one thing, and who may call the model is another."""

    async def scenario(dial, protected):
        channel = dial(trusting, dial.socket)
        assert await ask(channel, token="good") == "OK"
        assert await ask(channel) == "UNAUTHENTICATED"
        assert await ask(dial(ConnectionOptions(), dial.socket), token="good") == "UNAVAILABLE"

    serve(scenario, grpc_socket=str(tmp_path / "model.sock"), **tls, **token)


def test_tls_and_token_together(serve, tls, token, trusting):
    """Each on its own account."""

    async def scenario(dial, protected):
        channel = dial(trusting)
        assert await ask(channel, token="good") == "OK"
        assert await ask(channel) == "UNAUTHENTICATED"
        assert await ask(channel, operations.HEALTH_CHECK.grpc_method) == "OK"

    serve(scenario, **tls, **token)


def test_others_fail_and_the_service_lives(serve, tls, trusting, tmp_path):
    """Who speaks in the clear, trusts another CA, or sends garbage gets nowhere."""
    stranger = Authority(tmp_path / "stranger").cert.read_bytes()

    async def scenario(dial, protected):
        assert await ask(dial(ConnectionOptions())) == "UNAVAILABLE"
        assert await ask(dial(ConnectionOptions(tls=True, trusted=stranger))) == "UNAVAILABLE"
        assert await ask(dial(trusting._replace(name="other.example.com"))) == "UNAVAILABLE"
        reader, writer = await asyncio.open_connection("127.0.0.1", dial.port)
        writer.write(b"\x16\x03\x01\xff\xff" + b"garbage" * 1000)
        await reader.read()  # it hangs up
        writer.close()
        assert await ask(dial(trusting)) == "OK"

    serve(scenario, **tls)


def test_silent_connections_do_not_keep_it_from_stopping(serve, tls):
    """One that never begins its handshake, and one that stops in the middle of it."""
    silent = []

    async def scenario(dial, protected):
        for begun in (b"", b"\x16\x03\x01\x02\x00\x01"):
            silent.append(socket.create_connection(("127.0.0.1", dial.port)))
            silent[-1].send(begun)

    serve(scenario, **tls)
    for connection in silent:
        connection.close()


def test_client_certificates_are_required(serve, tls, trusting, authority, tmp_path):
    """Those of the CA are taken, none or another's is not."""
    ours = authority.issue("client", usage="clientAuth")
    theirs = Authority(tmp_path / "stranger").issue("client")

    def showing(pair):
        return trusting._replace(certificate=pair.cert.read_bytes(), key=pair.key.read_bytes())

    async def scenario(dial, protected):
        assert await ask(dial(trusting)) == "UNAVAILABLE"
        assert await ask(dial(trusting), operations.HEALTH_CHECK.grpc_method) == "UNAVAILABLE"
        assert await ask(dial(showing(theirs))) == "UNAVAILABLE"
        assert await ask(dial(showing(ours))) == "OK"

    serve(scenario, tls_client_ca=str(authority.cert), **tls)


def replace(settings, pair):
    """Put a new certificate and key where the old ones were."""
    for path, new in ((settings["tls_cert"], pair.cert), (settings["tls_key"], pair.key)):
        with open(path, "wb") as file:
            file.write(new.read_bytes())


def test_new_connections_see_a_renewed_certificate(serve, tls, trusting, tmp_path):
    """Without a restart; connections that are open go on."""
    later = Authority(tmp_path / "later")
    trusting_later = trusting._replace(trusted=later.cert.read_bytes())

    async def scenario(dial, protected):
        before = dial(trusting)
        assert await ask(before) == "OK"
        assert await ask(dial(trusting_later)) == "UNAVAILABLE"
        replace(tls, later.issue("localhost"))
        protected.certificates.files.refresh()
        assert await ask(dial(trusting_later)) == "OK"
        assert await ask(dial(trusting_later)) == "OK"
        assert await ask(dial(trusting)) == "UNAVAILABLE"
        assert await ask(before) == "OK"

    serve(scenario, **tls)


@pytest.mark.parametrize("spoil", ["gone", "garbled", "another's key"])
def test_a_spoilt_certificate_leaves_the_old_one(serve, tls, trusting, authority, spoil, caplog):
    """A mistake in renewing costs no connection; the log has it once."""

    async def scenario(dial, protected):
        with open(tls["tls_key"], "wb") as file:
            file.write(authority.issue("other").key.read_bytes() if "key" in spoil else b"garbled")
        if spoil == "gone":
            os.unlink(tls["tls_cert"])
        for _ in range(3):
            protected.certificates.files.refresh()
        assert await ask(dial(trusting)) == "OK"
        replace(tls, authority.issue("localhost"))
        protected.certificates.files.refresh()
        assert await ask(dial(trusting)) == "OK"

    serve(scenario, **tls)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_http_2_is_agreed_upon(serve, tls, authority):
    """By ALPN, as proxies and clients in other languages demand."""

    async def scenario(dial, protected):
        context = ssl.create_default_context(cafile=str(authority.cert))
        context.set_alpn_protocols(["http/1.1", "h2"])
        _, writer = await asyncio.open_connection(
            "127.0.0.1", dial.port, ssl=context, server_hostname="localhost"
        )
        spoken = writer.get_extra_info("ssl_object")
        assert spoken.selected_alpn_protocol() == "h2"
        assert spoken.version() in ("TLSv1.2", "TLSv1.3")
        writer.transport.abort()

    serve(scenario, **tls)


def test_a_taken_port_stops_the_start_over_tls_too(run, settings, tls):
    """Not as a fault of the certificates."""

    async def scenario(kind):
        chosen = settings(**tls)
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            transport = kind(ROUTES, chosen, FrontLock(), security.from_settings(chosen))
            with pytest.raises(StartError, match=f"127.0.0.1:{port}"):
                await transport.start("127.0.0.1", port)
            await transport.stop(0)

    for kind in (AsyncioTransport, CompletionQueueTransport):
        run(scenario(kind))


def test_the_fast_transport_is_chosen_with_tls(run, settings, tls, token, caplog):
    """The trial call needs neither certificate nor token."""
    chosen = settings(tls_client_ca=tls["tls_cert"], **tls, **token)
    choice = auto.choose(ROUTES, chosen, FrontLock(), security.from_settings(chosen))
    assert isinstance(run(choice), CompletionQueueTransport)
    assert caplog.records == []
