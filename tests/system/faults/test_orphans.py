import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.support.forms import by_day
from tests.support.processes import children, wait_until, zombies
from tests.support.servers import GOLDEN_X, PREDICT, ask, assert_bit_exact, expected, request

# A child that outlives its parent, sees who has adopted it, and ends: then it is a zombie.
ORPHAN = (
    "child import os; parent = os.getpid(); os.fork() and os._exit(0); os.setsid(); "
    "sum(iter(lambda: os.getppid() == parent, False)); "
    "open('adopted', 'w').write(str(os.getppid()))"
)
PR_SET_CHILD_SUBREAPER = 36
# Asks to be given orphans, as PID 1 is, gets one, and must be rid of it once it has ended.
ADOPTING = f"""
import ctypes, os, signal, subprocess
from serving_runtime.server.workers.orphans import reap_unknown
assert ctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1) == 0
signal.signal(signal.SIGCHLD, lambda *_: reap_unknown([known.pid]))
known = subprocess.Popen(["sleep", "1000"])
if os.fork() == 0:
    os._exit(0 if os.fork() else 7)
while os.path.exists("/proc/self/task/%d/children" % os.getpid()):
    with open("/proc/self/task/%d/children" % os.getpid()) as children:
        if children.read().split() == [str(known.pid)]:
            break
known.kill()
reap_unknown([known.pid])
assert known.wait() == -9
"""
# Runs a program as PID 1 of its own; without root's rights, where the kernel lets anyone.
UNSHARE = [
    command
    for command in (["unshare", "--pid", "--fork"], ["unshare", "-r", "--pid", "--fork"])
    if shutil.which("unshare") and not subprocess.run([*command, "true"], check=False).returncode
][:1]


@pytest.mark.parametrize("what", by_day(["loop", "hold 1000", ""], "hold 1000", ""))
def test_workers_die_with_the_front(serve, dial, what):
    """However the front ends, its workers end too, whatever they are doing."""
    server = serve(RUNTIME_WORKERS="2")
    wait_until(lambda: len(server.workers) == 2, "both workers")
    call = dial(server).unary_unary(PREDICT, None, None)
    running = call.future(request(f"note begun then {what}" if what else "note begun"))
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGKILL)
    server.wait()
    wait_until(lambda: not server.processes, "the workers to end")
    assert running.code().name in ("UNAVAILABLE", "OK")


def test_workers_die_with_a_front_that_ends_while_they_load(launch, obedient):
    """A worker that is still loading ends with the front, too."""
    (obedient / "files" / "src" / "func_main.py").write_text("while True: pass")
    server = launch(obedient)
    wait_until(lambda: server.workers, "a worker")
    server.signal(signal.SIGKILL)
    server.wait()
    wait_until(lambda: not server.processes, "the worker to end")


def test_strangers_are_collected_and_known_children_left():
    """Orphans that a process is given are collected; a child that it started itself is not."""
    done = subprocess.run([sys.executable, "-c", ADOPTING], timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("unshare", UNSHARE, ids=" ".join)
def test_the_front_does_its_duty_as_pid_1(launch, obedient, dial, unshare):
    """As the first process of a container, the front collects orphans and heeds SIGTERM."""
    server = launch(obedient, prefix=unshare).wait_serving()
    (front,) = children(server.process.pid)
    assert ask(dial(server), request(ORPHAN), 30) == expected(GOLDEN_X)
    wait_until(lambda: server.runs("adopted"), "the orphan's adoption")
    assert server.note("adopted").read_text() == "1"
    wait_until(lambda: len(children(front)) == 1 and not zombies(front), "the orphan's end")
    assert_bit_exact(dial(server))
    os.kill(front, signal.SIGTERM)
    os.kill(front, signal.SIGTERM)
    assert server.wait() == 0
    wait_until(lambda: not server.processes, "no process left")
