import subprocess
import sys

import pytest

# In a process of its own, since it reaps every child that there is.
REAPER = """
import os, time
from serving_runtime.server.workers.orphans import reap_unknown

def ended(code):
    child = os.fork()
    if child == 0:
        os._exit(code)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return child

reap_unknown(())  # without any child
unknown = [ended(1), ended(2)]
reap_unknown({-1})
for child in unknown:
    try:
        os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        continue
    raise SystemExit("an unknown child is left")

ours = ended(3)
reap_unknown({ours})
assert os.waitpid(ours, 0)[1] >> 8 == 3, "our own was taken"

read, write = os.pipe()
running = os.fork()
if running == 0:
    os.close(write)
    os.read(read, 1)
    os._exit(0)
reap_unknown(())  # does not wait for what runs
os.close(write)
os.waitpid(running, 0)
"""


def test_strangers_are_reaped_and_our_own_are_not():
    """As PID 1 the front inherits orphans; its workers' ends are for others to see."""
    subprocess.run([sys.executable, "-c", REAPER], check=True)


# Leaves a child in a session of its own, as each of two workers would, and kills those of one.
STRAYS = """
import os, subprocess, sys, time
from serving_runtime.server.workers import orphans
orphans.adopt_orphans()
SLEEP = [sys.executable, "-c", "import os; os.setsid(); print(os.getpid(), flush=True); "
                               "import time; time.sleep(1000)"]
def leave(**variables):
    worker = "import os, subprocess, sys; subprocess.Popen(sys.argv[1:]); os._exit(0)"
    environ = {**os.environ, **variables}
    started = subprocess.Popen([sys.executable, "-c", worker, *SLEEP], env=environ,
                               stdout=subprocess.PIPE)
    started.wait()
    return int(started.stdout.readline())
ended, running = leave(SERVING_RUNTIME_WORKER="worker-1"), leave(SERVING_RUNTIME_WORKER="worker-2")
copied = leave(SERVING_RUNTIME_WORKER="worker-1", SERVING_RUNTIME_FORK_SERVER="3,4")
unknown = leave()
orphans.kill_strays({"worker-2"})
others = running, copied, unknown
print(os.waitpid(ended, 0)[1], *[os.waitpid(pid, os.WNOHANG)[0] for pid in others])
for pid in others:
    os.kill(pid, 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="adopting is Linux's")
def test_children_in_sessions_of_their_own_are_killed_once_their_worker_ended():
    """Those of another worker, and those of which nobody knows whose they are, live on."""
    command = [sys.executable, "-c", STRAYS]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"9 0 0 0\n"
