import socket
import time

import pytest

from serving_runtime import contract
from tests.support import models
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import (
    NOT_SERVING,
    PREDICT,
    SERVING,
    Server,
    channel,
    failure,
    model_state,
    request,
)

# Far below what a service that waits for something would take, on a machine that is busy too.
START_SECONDS = 30.0


def refusal(launch, model, **settings):
    """Start a server that must fail, in time and leaving nothing; returns its message."""
    started = time.monotonic()
    server = launch(model, **settings)
    assert server.wait() not in (0, None)
    assert time.monotonic() - started < START_SECONDS
    wait_until(lambda: not server.processes, "no process left")
    assert server.out == ""
    assert server.process.returncode > 0
    return message(server)


def message(server):
    """Return the server's one message, which has a line of its own and is its last."""
    head, found, told = server.log.rpartition("serving-runtime serve: ")
    assert found, server.log
    assert "serving-runtime serve: " not in head
    assert told.count("\n") <= 3 or "for example" in told
    return told


def test_no_model_directory(launch, tmp_path):
    """A directory that is not there is named, with the mount that would work."""
    told = refusal(launch, tmp_path / "nothing")
    assert "nothing does not exist" in told
    assert "docker run -v" in told


def test_an_empty_model_directory(launch, tmp_path):
    """An empty directory is named, with what should be in it."""
    (tmp_path / "empty").mkdir()
    assert "empty is empty: expected contract.protobin" in refusal(launch, tmp_path / "empty")


def test_a_truncated_contract(launch, tmp_path, obedient):
    """A contract.protobin that ends too early is refused, and named."""
    whole = contract.serialise(contract.read_contract(obedient / "contract.yaml"))
    (obedient / "contract.yaml").unlink()
    (obedient / "contract.protobin").write_bytes(whole[: len(whole) // 2])
    assert "contract.protobin" in refusal(launch, obedient)


def test_an_empty_contract(launch, obedient):
    """A contract.protobin without a byte is refused, though it would parse."""
    (obedient / "contract.yaml").unlink()
    (obedient / "contract.protobin").write_bytes(b"")
    assert "contract.protobin" in refusal(launch, obedient)


def test_a_contract_that_names_a_missing_function(launch, obedient):
    """A signature without its function is named, with the functions that there are."""
    text = (obedient / "contract.yaml").read_text(encoding="utf-8")
    (obedient / "contract.yaml").write_text(text.replace("name: infer", "name: inferr"))
    told = refusal(launch, obedient)
    assert 'no function "inferr"' in told
    assert 'did you mean "infer"?' in told


# What func_main.py does when it is imported, and words of the message.
IMPORTS = {
    "raise ValueError('bad weights')": "ValueError: bad weights (files/src/func_main.py:2",
    "sys.exit(0)": "importing func_main.py called sys.exit(0) (files/src/func_main.py:2",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "os._exit(0)": "exited with code 0 while it loaded the model",
    "os._exit(7)": "exited with code 7 while it loaded the model",
    "os.kill(os.getpid(), 9)": "was killed by SIGKILL while it loaded the model",
    "ctypes.string_at(0)": "was killed by SIGSEGV while it loaded the model",
    "import not_there": 'module "not_there" is not installed here',
    "def (": "SyntaxError",
    "threading.Thread(target=time.sleep, args=[9e9]).start(); boom": "name 'boom' is not defined",
}
DAILY_IMPORTS = ("raise ValueError('bad weights')", "sys.exit(0)", "os._exit(7)",
                 "ctypes.string_at(0)", "import not_there")  # fmt: skip


@pytest.mark.parametrize("line", by_day(IMPORTS, *DAILY_IMPORTS))
def test_a_model_that_fails_at_import(launch, tmp_path, line):
    """Whatever stops the import of the user's code is told in one message."""
    code = f"import ctypes, os, sys, threading, time\n{line}\n"
    assert IMPORTS[line] in refusal(launch, models.write(tmp_path / "model", code))


def test_a_port_in_use(launch, obedient):
    """A port that another program has is named, with the setting that chooses another."""
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refusal(launch, obedient, APP_PORT=str(port))
    assert f"cannot listen on [::]:{port}" in told
    assert "APP_PORT" in told


SETTINGS = {
    "APP_PORT": ("tcp://10.0.0.1:80", "Service that is named 'app'"),
    "RUNTIME_WORKERS": ("many", "expected a whole number"),
    "RUNTIME_MAX_MESSAGE_BYTES": ("4GiB", "less than 2GiB"),
    "RUNTIME_DRAIN_DELAY": ("soon", "expected a time such as 30s"),
    "RUNTIME_CAST": ("loose", "expected one of same_kind, strict"),
}


@pytest.mark.parametrize("name", by_day(SETTINGS, "APP_PORT", "RUNTIME_WORKERS"))
def test_a_bad_setting(launch, obedient, name):
    """A setting that cannot be read is named, with its value and the form expected."""
    value, words = SETTINGS[name]
    told = refusal(launch, obedient, **{name: value})
    assert name in told
    assert value in told
    assert words in told


def test_a_load_that_hangs(launch, tmp_path):
    """RUNTIME_LOAD_TIMEOUT ends the start of a model that never loads, and is named."""
    model = models.write(tmp_path / "model", "while True: pass")
    told = refusal(launch, model, RUNTIME_LOAD_TIMEOUT="1s")
    assert "exceeded RUNTIME_LOAD_TIMEOUT while it loaded the model" in told


GATED = """
import os, time
while not os.path.exists("gate"):
    time.sleep(0.005)
def infer(what, x):
    return {"y": x}
def table(rows, weights, count):
    return {"y": rows[:, 0]}
"""


def test_the_service_is_truthful_while_it_loads(launch, tmp_path):
    """Health says NOT_SERVING and calls get UNAVAILABLE until the model has loaded."""
    server: Server = launch(models.write(tmp_path / "model", GATED))
    with channel(server.address) as connection:
        assert server.health() == NOT_SERVING
        assert model_state(connection) == "LOADING"
        assert failure(connection, request()) == ("UNAVAILABLE", "the model is loading")
        server.note("gate").touch()
        server.wait_serving()
        assert server.health() == SERVING
        assert model_state(connection) == "AVAILABLE"
        assert connection.unary_unary(PREDICT, None, None)(request(), timeout=30)
    server.end()
