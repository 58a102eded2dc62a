import json
import signal
import socket
import subprocess
import sys

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.server.workers.processes import ENTRY


def test_worker_loads_answers_and_closes(start, request_bytes, outputs):
    """READY with what the front must know, a reply, and the model closed at CLOSE."""
    worker = start()
    kind, body = worker.frame()
    assert kind == frames.READY
    assert json.loads(body.decode())["signatures"] == ["s"]
    worker.call(request_bytes([[1, 2], [3, 4]], signature="s"))
    kind, body = worker.frame()
    assert kind == frames.REPLY
    assert outputs(frames.unpack_reply(body)) == {"sum": [3, 7]}
    worker.connection.sendall(frames.pack(frames.CLOSE))
    assert worker.frame() is None
    code, out, err = worker.end()
    assert (code, out) == (0, "closed\n")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise LoadError('found this', 'do that')", "found this\n  fix: do that"),
        ("raise ValueError('odd')", "the model cannot be loaded: ValueError('odd'"),
        ("raise SystemExit(5)", "the model cannot be loaded: SystemExit(5"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("raise LoadError('\\udcff is no file')", "? is no file"),
    ],
)
def test_failed_load_is_told_in_words(start, code, told):
    """Whatever is raised: FAILED with the reason, and a non-zero exit code."""
    worker = start(code)
    kind, body = worker.frame() or worker.end()
    assert kind == frames.FAILED
    assert told in body.decode()
    assert worker.frame() is None
    assert worker.end()[0] == 1


def test_traceback_of_a_failed_load_is_in_the_log(start):
    """The user needs the line of code; a LoadError is clear without one."""
    worker = start("raise ValueError('odd')")
    worker.frame()
    assert "ValueError: odd" in worker.end()[2]
    worker = start("raise LoadError('clear')")
    worker.frame()
    assert "Traceback" not in worker.end()[2]


def test_exit_while_loading_ends_the_stream(start):
    """Code that ends the process says nothing; the front sees the exit code."""
    worker = start("os._exit(9)")
    assert worker.frame() is None
    assert worker.end()[0] == 9


def test_front_that_is_gone_ends_the_worker(start):
    """No worker is left behind; its model is closed all the same."""
    worker = start()
    worker.frame()
    worker.connection.close()
    code, out, err = worker.end()
    assert (code, out) == (0, "closed\n")
    assert "Traceback" not in err


def test_front_that_is_gone_before_the_reply_ends_the_worker(start, request_bytes, tmp_path):
    """A reply that nobody reads is no traceback either."""
    go = tmp_path / "go"
    code = f"def predict(self, name, inputs):\n    while not os.path.exists({str(go)!r}):\n"
    code += "        time.sleep(0.001)\n    return {'sum': inputs['x'].sum(axis=1)}\n"
    worker = start(code + "Toy.predict = predict\n")
    worker.frame()
    worker.call(request_bytes([[1, 2]], signature="s"))
    worker.connection.close()
    go.touch()
    code, _, err = worker.end()
    assert code in (0, 1)  # the socket may take the reply before it notices
    assert "Traceback" not in err


def test_system_exit_in_a_call_is_answered(start, request_bytes):
    """The worker lives on and answers the next one."""
    worker = start(
        "def predict(self, name, inputs):\n    raise SystemExit(4)\nToy.predict = predict"
    )
    worker.frame()
    for _ in range(2):
        worker.call(request_bytes([[1, 2]], signature="s"))
        _, body = worker.frame()
        assert frames.unpack_reply(body).status == Status.INTERNAL


def test_log_lines_have_the_workers_name(start):
    """The lines of several workers go to one stream."""
    worker = start("import logging; logging.getLogger('user').warning('hello')")
    worker.frame()
    worker.connection.close()
    assert "worker-1 user: hello" in worker.end()[2]


# Starts a worker, tells its process id, and waits to be killed.
PARENT = """
import os, socket, subprocess, sys
from serving_runtime.server.workers.processes import ENTRY
ours, theirs = socket.socketpair()
worker = subprocess.Popen(
    [*ENTRY, "--fd", str(theirs.fileno()),
     "--front", str(os.getpid()), "--name", "worker-1", "--runtime", "toy"],
    pass_fds=[theirs.fileno(), ours.fileno()], start_new_session=True,
)
theirs.close()
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PR_SET_PDEATHSIG")
def test_worker_dies_with_its_parent_even_in_an_endless_loop(environ):
    """Its socket stays open here (it inherited both ends): only the kernel can end it."""
    # The loop begins once the worker has loaded its code; its output tells that, and its end.
    code = "print('looping', flush=True)\nwhile True:\n    pass\n"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env=environ(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert parent.stdout.readline() == b"looping\n"
        parent.send_signal(signal.SIGKILL)
        # End of file: the worker, the last to hold it, is gone.
        assert parent.stdout.read() == b""
    finally:
        parent.kill()
        parent.wait(30)
        parent.stdin.close()
        parent.stdout.close()


def test_worker_of_another_parent_ends_at_once(environ):
    """Its front ended before the kernel was asked to tell of it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        code = subprocess.call(
            [
                *ENTRY, "--fd", str(theirs.fileno()),
                "--front", "1", "--name", "worker-1",
            ],
            env=environ(""), pass_fds=[theirs.fileno()],
        )  # fmt: skip
    assert code == 1
