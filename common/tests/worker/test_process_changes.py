"""User code that changes the process: what a worker relies on it holds by itself."""

import json
import os

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from tests.support.forms import by_day

# By what it changes; each is code that is known from programs that are alone in their process.
LOGGING = {
    "dict": "import logging.config\n"
    "logging.config.dictConfig({'version': 1, 'handlers': {'c': {'class': 'logging.NullHandler'}},"
    " 'root': {'handlers': ['c'], 'level': 'CRITICAL'}})",
    "file": "import io, logging.config\n"
    "logging.config.fileConfig(io.StringIO('[loggers]\\nkeys=root\\n[handlers]\\nkeys=h\\n"
    "[formatters]\\nkeys=\\n[logger_root]\\nlevel=CRITICAL\\nhandlers=h\\n"
    "[handler_h]\\nclass=logging.NullHandler\\nargs=()\\n'))",
    "closed": "import logging\n"
    "for h in logging.root.handlers[:]:\n    logging.root.removeHandler(h)\n    h.close()",
    "shutdown": "import logging\nlogging.shutdown()",
    "disabled": "import logging\nlogging.disable(logging.CRITICAL)",
    "each": "import logging\n"
    "for it in logging.root.manager.loggerDict.values():\n    it.disabled = True",
    "level": "import logging\nlogging.root.setLevel(99)\nlogging.root.handlers[0].setLevel(99)",
    "filter": "import logging\n"
    "logging.root.handlers[0].addFilter(lambda record: 1 / 0)\n"
    "logging.root.addFilter(lambda record: 1 / 0)",
    "form": "import logging\n"
    "logging.root.handlers[0].setFormatter(logging.Formatter('%(no_such)s'))",
    "factory": "import logging\nlogging.setLogRecordFactory(lambda *a, **k: 1 / 0)",
    "names": "import logging\nlogging.addLevelName(40, 'odd')",
}
STREAMS = {
    "closed": "import sys\nsys.stdout.close()\nsys.stderr.close()",
    "none": "import sys\nsys.stdout = sys.stderr = sys.__stderr__ = None",
    "memory": "import io, sys\nsys.stdout, sys.stderr = io.StringIO(), io.StringIO()",
    "odd": "import sys\nsys.stdout = sys.stderr = 7",
    "descriptors": "import os\nos.closerange(1, 3)",
    "elsewhere": "import os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 2)",
    "all": "import os\nos.closerange(0, 256)\nKEPT = [open(os.devnull) for _ in range(300)]",
    "inherited": "import os\nos.closerange(3, 256)\nKEPT = [open(os.devnull) for _ in range(300)]",
}
SIGNALS = {
    "ignored": "import signal\n"
    "for n in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):\n"
    "    signal.signal(n, signal.SIG_IGN)",
    "default": "import signal\n"
    "for n in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):\n"
    "    signal.signal(n, signal.SIG_DFL)",
    "blocked": "import signal\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.SIGRTMIN - 2))",
    "crashes": "import faulthandler\nfaulthandler.disable()",
}
SURROUNDINGS = {
    "folder": "import os\nos.chdir('/')",
    "variables": "import os\nos.environ.clear()",
    "settings": "import os\n"
    "os.environ.update(RUNTIME_MAX_MESSAGE_BYTES='1', RUNTIME_LOG_LEVEL='error', MODEL_DIR='/no')",
    "bad settings": "import os\nos.environ['RUNTIME_WORKERS'] = 'many'",
    "path": "import sys\ndel sys.path[:]",
    "locale": "import locale\nlocale.setlocale(locale.LC_ALL, 'C')",
    "umask": "import os\nos.umask(0o777)",
    "files": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))",
    "size": "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "core": "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "temporary": "import tempfile\ntempfile.tempdir = '/nowhere'",
}
INTERPRETER = {
    "collector": "import gc\ngc.disable()\ngc.set_threshold(1, 1, 1)\ngetattr(gc, 'freeze', int)()",
    "switches": "import sys\nsys.setswitchinterval(1e-6)",
    "warnings": "import warnings\nwarnings.simplefilter('error')",
    "show": "import warnings\nwarnings.showwarning = lambda *a, **k: 1 / 0",
    "timeout": "import socket\nsocket.setdefaulttimeout(0.001)",
    "start": "import multiprocessing\nmultiprocessing.set_start_method('spawn', force=True)",
    "hooks": "import sys, threading\n"
    "sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *a: 1 / 0",
    "trace": "import threading\nthreading.setprofile(lambda *a: None)",
    "exit": "import atexit\natexit.register(lambda: 1 / 0)",
    "numpy": "import numpy\nnumpy.seterr(all='raise')\nnumpy.set_printoptions(threshold=0)",
    "random": "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)",
    "stack": "import threading\nthreading.stack_size(1 << 16)",
}
CHANGES = {
    f"{kind}: {name}": code
    for kind, codes in (
        ("logging", LOGGING),
        ("streams", STREAMS),
        ("signals", SIGNALS),
        ("surroundings", SURROUNDINGS),
        ("interpreter", INTERPRETER),
    )
    for name, code in codes.items()
}
# One or two of each way to harm, by day; all of them at night.
DAILY = (
    "logging: level", "logging: factory", "streams: closed", "streams: all", "streams: inherited",
    "signals: ignored", "signals: blocked", "surroundings: folder", "surroundings: variables",
    "surroundings: settings", "surroundings: files", "interpreter: warnings", "interpreter: hooks",
    "interpreter: exit",
)  # fmt: skip
# How the interpreter ends is not ours: it fails to flush what is no stream any more.
ENDS = {"streams: odd", "streams: descriptors", "streams: all"}
# What the code is put into, where it runs: while the model is loaded, or in each call.
WHERE = {
    "load": "{code}\n",
    "call": "def change():\n    exec({code!r}, {{}})\n",
}
# A negative number is refused with a traceback, one above 3e38 does not fit the output.
MODEL = """
def predict(self, name, inputs):
    globals().get("change", int)()
    if (inputs["x"] < 0).any():
        raise ValueError("told you")
    return {"sum": inputs["x"].astype("float64").sum(axis=1)}
Toy.predict = predict
Toy.close = lambda self: open(CLOSED, "w").close()
"""


@pytest.fixture
def changed(start, tmp_path):
    """Return a function that starts a worker whose model changes its process."""

    def begin(name, where, **settings):
        code = WHERE[where].format(code=CHANGES[name]) + MODEL
        code += f"\nCLOSED = {str(tmp_path / 'closed')!r}\n"
        return start(code, **settings)

    return begin


@pytest.mark.parametrize("where", by_day(WHERE, "load"))
@pytest.mark.parametrize("name", by_day(CHANGES, *DAILY))
def test_whatever_user_code_changes_is_served_and_logged(
    changed, request_bytes, outputs, name, where, tmp_path
):
    """Calls are answered rightly, a failure's traceback is in the log, and the end is good."""
    worker = changed(name, where)
    kind, body = worker.frame() or (None, worker.end())
    assert kind == frames.READY, body
    for values in ([[1, 2]], [[-1, 2]], [[3, 4], [5, 6]]):
        worker.call(request_bytes(values, signature="s"))
        found = worker.frame()
        assert found, worker.end()
        reply = frames.unpack_reply(found[1])
        if values[0][0] < 0:
            assert (reply.status, reply.details) == (Status.INTERNAL, repr(ValueError("told you")))
        else:
            assert outputs(reply) == {"sum": [sum(row) for row in values]}
    worker.connection.sendall(frames.pack(frames.CLOSE))
    assert worker.frame() is None
    code, _, err = worker.end()
    assert err.count("ERROR   worker-1 serving_runtime.worker.replies: the model raised") == 1
    assert err.count("\nValueError: told you\n") == 1
    assert (tmp_path / "closed").exists()
    assert code == 0 or name in ENDS


def test_all_descriptors_closed_is_said_with_its_cause(start):
    """No number is out of reach of code that closes all there can be; its user is told so."""
    worker = start("import os\nos.closerange(3, 1 << 20)\n")
    assert worker.frame() is None
    code, _, err = worker.end()
    assert code == 1
    assert "its connection to the front was closed, which only the model's code can have" in err
    assert "os.closerange()" in err


def test_all_descriptors_closed_in_a_call_is_said_with_its_cause(start, request_bytes):
    """The call is tried on another worker, and fails there with the same words in the log."""
    worker = start(
        "def predict(self, name, inputs):\n    os.closerange(3, 1 << 20)\nToy.predict = predict"
    )
    worker.frame()
    worker.call(request_bytes([[1, 2]], signature="s"))
    assert worker.frame() is None
    assert "os.closerange()" in worker.end()[2]


@pytest.mark.parametrize(
    "ending", ["return {'sum': [0.0]}", "raise SystemExit(0)", "raise OSError"]
)
def test_a_fork_that_comes_back_from_a_call_answers_nothing(start, request_bytes, outputs, ending):
    """It has the worker's connection: two would answer one call, and share the next ones."""
    worker = start(
        "def predict(self, name, inputs):\n"
        f"    child = os.fork()\n    if child == 0:\n        {ending}\n"
        "    os.waitpid(child, 0)\n"
        "    return {'sum': inputs['x'].sum(axis=1)}\nToy.predict = predict"
    )
    worker.frame()
    for _ in range(3):
        worker.call(request_bytes([[1, 2]], signature="s"))
        assert outputs(frames.unpack_reply(worker.frame()[1])) == {"sum": [3]}
    worker.connection.sendall(frames.pack(frames.CLOSE))
    assert worker.frame() is None
    assert worker.end()[2].count("came back from that code") == 3


def test_a_fork_that_comes_back_from_loading_is_no_second_worker(start, request_bytes, outputs):
    """Only one of the two is the front's."""
    worker = start("if os.fork() == 0:\n    time.sleep(0.001)\n")
    assert worker.frame()[0] == frames.READY
    worker.call(request_bytes([[1, 2]], signature="s"))
    assert outputs(frames.unpack_reply(worker.frame()[1])) == {"sum": [3]}
    worker.connection.sendall(frames.pack(frames.CLOSE))
    assert worker.frame() is None
    assert worker.end()[2].count("came back from that code") == 1


def test_an_unseen_exception_ends_the_worker_with_its_traceback(start, request_bytes):
    """Such as a signal's, which comes when it wants, where the user's hook shows none."""
    worker = start(
        "import signal, sys\n"
        "sys.excepthook = lambda *a: None\n"
        "signal.signal(signal.SIGALRM, lambda *a: 1 / 0)\n"
        "def predict(self, name, inputs):\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.05)\n"
        "    return {'sum': inputs['x'].sum(axis=1)}\nToy.predict = predict"
    )
    worker.frame()
    worker.call(request_bytes([[1, 2]], signature="s"))
    assert worker.frame()[0] == frames.REPLY
    assert worker.frame() is None
    code, _, err = worker.end()
    assert code == 1
    assert "CRITICAL worker-1 serving_runtime.worker.process: the worker ends" in err
    assert "ZeroDivisionError" in err


def test_a_model_that_fails_to_close_is_logged(start):
    """Its traceback is in our log, whatever has become of the streams."""
    worker = start(
        "import sys\nsys.stderr = None\n"
        "def close(self):\n    raise OSError(9, 'Bad file descriptor')\nToy.close = close"
    )
    worker.frame()
    worker.connection.sendall(frames.pack(frames.CLOSE))
    assert worker.frame() is None
    code, _, err = worker.end()
    assert code == 1
    assert "closing the model failed" in err
    assert "Bad file descriptor" in err


@pytest.mark.parametrize("name", ["logging: dict", "streams: none", "streams: closed"])
def test_why_loading_failed_is_logged(start, name):
    """What was raised after the change is in the log all the same."""
    worker = start(f"{CHANGES[name]}\nraise ValueError('told you')")
    assert worker.frame()[0] == frames.FAILED
    code, _, err = worker.end()
    assert code == 1
    assert "\nValueError: told you\n" in err


def test_json_lines_stay_json(changed, request_bytes):
    """A machine reads them."""
    worker = changed("logging: dict", "load", RUNTIME_LOG_FORMAT="json")
    worker.frame()
    worker.call(request_bytes([[-1, 2]], signature="s"))
    worker.frame()
    worker.connection.close()
    entries = [json.loads(line) for line in worker.end()[2].splitlines()]
    [failed] = [entry for entry in entries if entry["message"] == "the model raised"]
    assert failed["level"] == "error"
    assert "ValueError: told you" in failed["traceback"]


def test_a_relative_path_is_looked_for_where_the_worker_began(start, tmp_path, environ):
    """Also by a module that is imported after the working directory was changed."""
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "imported_late.py").write_text("")
    worker = start(
        "os.chdir('/')\nimport imported_late\n",
        PYTHONPATH=os.pathsep.join(
            [environ("")["PYTHONPATH"], os.path.relpath(str(tmp_path / "late"))]
        ),
    )
    kind, body = worker.frame()
    assert kind == frames.READY, body
