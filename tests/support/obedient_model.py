"""A model that answers ``x * x / 3 + 1``, or goes wrong as the request's ``what`` tells it to.

``what`` says what to do for each row, such as ``note runs then exit 3``. Files that it names are in
the working directory.
"""

import ctypes
import os
import re
import resource
import stat
import subprocess
import sys
import time


class Unprintable(Exception):
    """An exception that cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __repr__


def infer(what, x):
    """Answer, having done what ``what`` says."""
    for deed in " then ".join(what).split(" then "):
        verb, _, argument = deed.partition(" ")
        if verb == "return":
            return RESULTS[argument]
        if verb:
            DEEDS[verb](argument)
    return {"y": x * x / 3 + 1}


def table(rows, weights, count):
    """Answer, from inputs of several forms."""
    return {"y": (rows * weights).sum(axis=1) + count}


def unload():
    """Leave a note that this was called."""
    _note("unloaded")


def _note(name):
    with open(name, "a") as notes:
        notes.write("once\n")


def _raise(error):
    raise error


def _loop(_):
    while True:
        pass


def _wait_for(name):
    """Be busy, but politely, until there is a file of that name."""
    while not os.path.exists(name):
        time.sleep(0.005)


def _child(code):
    """Run a child process that ends badly, and fail for it."""
    subprocess.run([sys.executable, "-c", code], check=True)


def _leave_child(code):
    """Leave a child behind that would run for ever, and end."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    os._exit(int(code))


def _fork(code):
    """End in a child that holds copies of all this process has; the parent goes on."""
    child = os.fork()
    if child == 0:
        os._exit(int(code))
    os.waitpid(child, 0)


def _daemon(name):
    """Start a program in a session of its own, and note its process id."""
    code = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(1000)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with open(name, "wb") as notes:
        notes.write(child.stdout.readline())


def _garble(hexadecimal):
    """Write bytes into every socket of this process: one of them is the front's."""
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            is_socket = stat.S_ISSOCK(os.fstat(int(descriptor)).st_mode)
        except OSError:  # the listing's own, which is closed by now
            is_socket = False
        if is_socket:
            os.write(int(descriptor), bytes.fromhex(hexadecimal))


def _grow(megabytes):
    """Use more and more memory, up to so much, and keep it."""
    for _ in range(int(megabytes)):
        HELD.append(bytearray(os.urandom(1) * 2**20))


HELD = []
RESULTS = {"a number": 42, "nothing": {}, "text": {"y": "no number"}, "a table": {"y": [[1.0]]}}

DEEDS = {
    "exit": lambda code: os._exit(int(code)),
    "segfault": lambda _: ctypes.string_at(0),
    "loop": _loop,
    # Both hold the interpreter's lock, so that no other thread of the process can run.
    "match": lambda _: re.match("(a|aa)+$", "a" * 100 + "b"),
    "hold": lambda seconds: ctypes.PyDLL(None).sleep(int(seconds)),
    "raise": lambda text: _raise(ValueError(text)),
    "enormous": lambda _: _raise(ValueError("x" * 10**6)),
    "unprintable": lambda _: _raise(Unprintable()),
    "quit": lambda code: sys.exit(int(code)),
    "interrupt": lambda _: _raise(KeyboardInterrupt()),
    "sleep": lambda seconds: time.sleep(float(seconds)),
    "note": _note,
    "await": _wait_for,
    "child": _child,
    "leave-child": _leave_child,
    "daemon": _daemon,
    "garble": _garble,
    "grow": _grow,
    # Of this process alone, in MiB: beyond it Python raises MemoryError.
    "limit-memory": lambda size: resource.setrlimit(resource.RLIMIT_AS, [int(size) * 2**20] * 2),
    "print": lambda size: print("x" * int(size), flush=True),
    "fork": _fork,
}
