import socket
import struct
import subprocess
import sys

import pytest

from serving_runtime.server.workers import fork_server
from serving_runtime.server.workers.processes import WorkerProcess

# In a process of its own, since it becomes the parent of orphans: has a child that another child
# has forked, and ends it. Prints how it ended, first while it runs.
ADOPTED = """
import os, signal, time
from serving_runtime.server.workers import fork_server, orphans
assert not orphans.adopts_orphans()
orphans.adopt_orphans()
assert orphans.adopts_orphans()
read, write = os.pipe()
if os.fork() == 0:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        time.sleep(600)
    os.write(write, b"%d" % pid)
    os._exit(0)
os.wait()
process = fork_server._Child(int(os.read(read, 20))).process
print(process.how_it_ended())
while os.getsid(process.pid) != process.pid:
    time.sleep(0.001)
process.kill()
while process.how_it_ended() is None:
    time.sleep(0.001)
print(process.how_it_ended(), process.how_it_ended(), sep=", ")
process.kill()
"""


@pytest.fixture
def started():
    """Yield a function that stands for one that starts processes, and what it was called with."""

    def start(name, connection, control=None):
        start.names.append(name)
        start.control = start.control or control.dup()
        return WorkerProcess(0, lambda: None, lambda: None)

    start.names, start.control = [], None
    yield start
    start.control.close()


@pytest.fixture
def spawner(started):
    """Yield a spawner that has started its first worker, and close what it has opened."""
    spawner = fork_server.ForkServerSpawner(started)
    connections = [spawner("worker-1").connection]
    yield lambda name: connections.append(spawner(name).connection) or connections[-1]
    spawner.end()
    for connection in connections:
        connection.close()


def test_first_worker_is_a_process_with_a_socket_for_requests(spawner, started):
    """It may fork a fork server, which listens there."""
    assert started.names == ["worker-1"]
    assert started.control.type == socket.SOCK_SEQPACKET


def test_fork_server_gets_the_name_and_the_connection(spawner, started):
    """What it forks answers on the very socket pair whose other end the front has."""
    started.control.send(b"4194305")  # its answer, in advance: an id that no process has
    ours = spawner("worker-2")
    name, ancillary, _, _ = started.control.recvmsg(100, socket.CMSG_SPACE(4))
    assert name == b"worker-2"
    assert started.names == ["worker-1"]
    (descriptor,) = struct.unpack("i", ancillary[0][2])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor) as theirs:
        theirs.sendall(b"here")
        assert ours.recv(4) == b"here"


def test_without_a_fork_server_a_process_is_started(spawner, started):
    """It may have refused to be one, or have ended."""
    started.control.close()
    spawner("worker-2")
    spawner("worker-3")
    assert started.names == ["worker-1", "worker-2", "worker-3"]


def test_fork_server_that_does_not_answer_is_given_up(started, monkeypatch):
    """The front serves others meanwhile, so it does not wait for long."""
    monkeypatch.setattr(fork_server, "FORK_SECONDS", 0.01)
    silent = fork_server.ForkServerSpawner(started)
    for name in ("worker-1", "worker-2"):
        silent(name).connection.close()
    assert started.names == ["worker-1", "worker-2"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_end_of_an_adopted_process_is_told():
    """A process that was forked for the front is watched and ended like one of its own."""
    done = subprocess.run([sys.executable, "-c", ADOPTED], stdout=subprocess.PIPE, check=True)
    words = "was killed by SIGKILL"
    assert done.stdout.decode().split("\n") == ["None", f"{words}, {words}", ""]


def test_an_end_that_was_collected_elsewhere_is_an_end():
    """Another thread may be told of it, or who collects orphans: the system tells one alone."""
    child = subprocess.Popen(["true"])
    child.wait()
    process = fork_server._Child(child.pid).process
    assert process.how_it_ended() == "ended"
    process.kill()
