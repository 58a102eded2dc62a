"""A Unix domain socket beside the port, through starts, kills and drains."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.support.processes import wait_until
from tests.support.servers import CHECK, GOLDEN_X, SERVING, ask, assert_bit_exact, expected, request

CLI = (sys.executable, "-m", "serving_runtime.cli")


@pytest.fixture
def path(tmp_path):
    """Return where the socket is to be."""
    return tmp_path / "model.sock"


@pytest.fixture
def connect():
    """Return a function that opens a channel to a socket; all are closed at the end."""
    channels = []

    def connect(path, *options):
        channels.append(grpc.insecure_channel(f"unix:{path}", options=options or None))
        return channels[-1]

    yield connect
    for channel in channels:
        channel.close()


def health(connection):
    """Return the bytes of health's answer."""
    return connection.unary_unary(CHECK, None, None)(b"", timeout=30)


def command(*arguments):
    """Run a verb of the command line; return what it printed."""
    run = subprocess.run([*CLI, *arguments], stdout=subprocess.PIPE, check=True, timeout=120)
    return run.stdout.decode()


def test_the_model_and_health_are_there_by_the_socket(serve, dial, connect, path):
    """Both ways lead to one service, and every verb takes either."""
    server = serve(RUNTIME_GRPC_SOCKET=str(path))
    server.wait_log(f"listening on unix:{path}")
    assert_bit_exact(connect(path))
    assert_bit_exact(dial(server))
    assert health(connect(path)) == SERVING
    assert stat.S_IMODE(os.lstat(str(path)).st_mode) == 0o660
    address = f"unix:{path}"
    assert command("health", "--address", address) == "SERVING\n"
    inputs = '{"what": [""], "x": [3.0]}'
    told = command("predict", "--address", address, "--signature", "infer", "--input", inputs,
                   "--format", "json")  # fmt: skip
    assert told == '{"y": [4.0]}\n'
    told = command("bench", "--address", address, "--signature", "infer", "--seconds", "200ms",
                   "--concurrency", "2")  # fmt: skip
    assert "callers" in told


def test_what_is_left_by_a_kill_is_replaced(serve, connect, path):
    """The next server takes its place, and leaves nothing at its own end."""
    killed = serve(RUNTIME_GRPC_SOCKET=str(path))
    killed.signal(signal.SIGKILL)
    killed.wait()
    assert path.exists()
    server = serve(RUNTIME_GRPC_SOCKET=str(path))
    assert_bit_exact(connect(path, ("grpc.use_local_subchannel_pool", 1)))
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert os.listdir(str(path.parent)) == ["obedient"]


def test_a_second_server_is_told_that_the_socket_is_taken(serve, launch, obedient, connect, path):
    """It ends, and the first one is still reached."""
    serve(RUNTIME_GRPC_SOCKET=str(path))
    second = launch(obedient, RUNTIME_GRPC_SOCKET=str(path))
    assert second.wait() == 1
    assert f"cannot listen on the socket {path}: another server listens there" in second.log
    assert "Traceback" not in second.log
    assert_bit_exact(connect(path))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("no/such/folder/model.sock", "there is no folder"),
        ("x" * 100, "expected an absolute path of at most 99 bytes"),
        ("obedient", "what is there is no socket"),
    ],
)
def test_a_path_that_cannot_be_used_ends_the_start(launch, obedient, tmp_path, place, words):
    """With one message, and no traceback."""
    server = launch(obedient, RUNTIME_GRPC_SOCKET=str(tmp_path / place))
    assert server.wait() == 1
    assert words in server.log
    assert "RUNTIME_GRPC_SOCKET" in server.log or "mount a volume" in server.log
    assert "Traceback" not in server.log


def test_a_long_call_by_the_socket_is_answered_in_the_drain(serve, connect, path):
    """Strangers are refused meanwhile: the socket has no name any more."""
    server = serve(RUNTIME_GRPC_SOCKET=str(path), RUNTIME_DRAIN_DELAY="200ms")
    connection = connect(path)
    call = connection.unary_unary("/tensorflow.serving.PredictionService/Predict", None, None)
    long = call.future(request("note begun then await gate"), timeout=60)
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGTERM)
    wait_until(lambda: not Path(path).exists(), "the socket to be gone")
    assert not server.has_ended
    server.note("gate").touch()
    assert long.code() is grpc.StatusCode.OK
    assert server.wait() == 0


def test_the_token_is_asked_for_by_the_socket_too(serve, connect, path, tmp_path):
    """A file's permissions are one thing, and the token is another."""
    tokens = tmp_path / "tokens"
    tokens.write_text("good\n", encoding="ascii")
    serve(RUNTIME_GRPC_SOCKET=str(path), RUNTIME_TOKEN_FILE=str(tokens))
    connection = connect(path)
    with pytest.raises(grpc.RpcError) as caught:
        ask(connection, request(), 30)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    metadata = (("authorization", "Bearer good"),)
    assert ask(connection, request(), 30, metadata) == expected(GOLDEN_X)
    assert health(connection) == SERVING
