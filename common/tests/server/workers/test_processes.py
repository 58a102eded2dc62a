import os
import signal
import socket
import sys
import time

import pytest

from serving_runtime.server.workers import processes

# Stands for a worker: says what it was started with, and then what the test wants of it.
CHILD = """
import os, socket, subprocess, sys
connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=int(sys.argv[1]))
connection.sendall(("%d %d %s\\n" % (os.getpid(), os.getpgid(0), os.environ["MARK"])).encode())
order = connection.recv(100).decode()
if order == "exit":
    os._exit(7)
elif order == "child":
    # Its standard output is the socket: the test sees when all of them are gone.
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                             pass_fds=[connection.fileno()])
    connection.sendall(b"%d\\n" % child.pid)
connection.recv(100)
"""


def wait_until(condition):
    """Wait for a condition to hold."""
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "the condition never held"
        time.sleep(0.001)


@pytest.fixture
def child(monkeypatch):
    """Spawn a child in place of a worker; gives it, what it says, and our end of its socket."""
    monkeypatch.setattr(
        processes,
        "_command",
        lambda name, descriptor, runtime: [sys.executable, "-c", CHILD, str(descriptor)],
    )
    start = processes.process_starter({**os.environ, "MARK": "mark"}, "python")
    spawn = processes.process_spawner(start)
    ours, process = spawn("worker-1")
    ours.settimeout(10)
    with ours:
        yield process, ours
    process.kill()
    wait_until(process.how_it_ended)


def test_worker_has_our_socket_a_group_and_the_environment(child):
    """Ctrl-C reaches only the front, since the worker is in a group of its own."""
    process, connection = child
    pid, group, mark = connection.recv(100).split()
    assert int(pid) == process.pid == int(group)
    assert mark == b"mark"
    assert process.how_it_ended() is None


def test_exit_code_is_told(child):
    """How it ended stays known, however often it is asked for."""
    process, connection = child
    connection.recv(100)
    connection.sendall(b"exit")
    wait_until(process.how_it_ended)
    assert process.how_it_ended() == "exited with code 7"
    assert process.how_it_ended() == "exited with code 7"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGKILL, "was killed by SIGKILL"),
        (signal.SIGSEGV, "was killed by SIGSEGV"),
        (signal.SIGRTMIN + 5, f"was killed by signal {signal.SIGRTMIN + 5}"),
    ],
)
def test_signal_is_told(child, number, told):
    """A signal without a name, as most real-time ones are, has its number."""
    process, connection = child
    connection.recv(100)
    os.kill(process.pid, number)
    wait_until(process.how_it_ended)
    assert process.how_it_ended() == told


def test_whole_group_is_killed(child):
    """What the user's code has started must not outlive its worker."""
    process, connection = child
    connection.recv(100)
    connection.sendall(b"child")
    assert int(connection.recv(100)) != process.pid
    process.kill()
    # End of file: nobody holds the socket any more, the grandchild neither.
    assert connection.recv(100) == b""
    wait_until(process.how_it_ended)
    assert process.how_it_ended() == "was killed by SIGKILL"


def test_grandchild_is_killed_after_the_worker_ended(child):
    """A worker that died by itself leaves its group behind; the kill still reaches that."""
    process, connection = child
    connection.recv(100)
    connection.sendall(b"child")
    connection.recv(100)
    os.kill(process.pid, signal.SIGTERM)
    wait_until(process.how_it_ended)
    process.kill()
    assert connection.recv(100) == b""


def test_killing_what_is_gone_is_no_error(child):
    """The front kills to be sure, often after the end."""
    process, connection = child
    process.kill()
    wait_until(process.how_it_ended)
    process.kill()
    process.kill()


def test_a_process_that_the_system_refuses_is_one_that_has_ended(monkeypatch):
    """The supervisor tries again after it, as after any other end, and tells why."""

    def refuse(*arguments):
        raise OSError("out of processes")

    start = processes.process_starter({}, "python")
    monkeypatch.setattr(processes, "_start", refuse)
    connection, process = processes.process_spawner(start)("worker-1")
    with connection:
        assert connection.recv(1) == b""
    assert process.how_it_ended() == "could not be started (out of processes)"


def test_first_worker_has_a_head_start():
    """It is the one that was started at once; the others are started when they are asked for."""
    names = []

    def spawn(name):
        names.append(name)
        return processes.Spawned(*socket.socketpair())

    head_start = processes.HeadStart(spawn, "worker-1")
    assert names == ["worker-1"]
    spawned = [head_start("worker-1"), head_start("worker-2")]
    assert names == ["worker-1", "worker-2"]
    head_start.end()  # nothing is left to end
    for ours, theirs in spawned:
        with ours, theirs:
            assert ours.fileno() >= 0


def test_worker_that_nobody_asked_for_is_ended():
    """A front that comes to nothing, on a port in use, leaves no worker behind."""
    start = processes.process_starter(os.environ, "python")
    head_start = processes.HeadStart(processes.process_spawner(start), "worker-1")
    process = head_start._first.process
    head_start.end()
    wait_until(process.how_it_ended)
    assert process.how_it_ended() == "was killed by SIGKILL"


def test_command_starts_the_worker_of_this_interpreter():
    """The arguments are those that the worker's own parser reads."""
    command = processes._command("worker-3", 9, "python")
    assert command[:3] == [*processes.ENTRY]
    assert command[0] == sys.executable
    pairs = dict(zip(command[3::2], command[4::2]))
    assert pairs == {
        "--fd": "9", "--front": str(os.getpid()), "--name": "worker-3", "--runtime": "python",
    }  # fmt: skip


def test_workers_inherit_a_record_of_what_was_loaded(monkeypatch):
    """One for all workers of a service, under a descriptor that the variable names."""
    told = (
        "import os; print(os.environ['SERVING_RUNTIME_WORKER']); "
        "os.write(int(os.environ['SERVING_RUNTIME_LOADED']), b'.')"
    )
    monkeypatch.setattr(processes, "_command", lambda *_: [sys.executable, "-c", told])
    made = []
    make = processes._record
    monkeypatch.setattr(processes, "_record", lambda: made.append(make()) or made[0])
    spawn = processes.process_spawner(processes.process_starter(os.environ, "python"))
    for number in (1, 2):
        connection, process = spawn(f"worker-{number}")
        with connection:
            wait_until(process.how_it_ended)
        assert process.how_it_ended() == "exited with code 0"
    assert os.fstat(made[0]).st_size == 2
    os.close(made[0])
