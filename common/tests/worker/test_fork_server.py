import os
import socket
import threading

import pytest

from serving_runtime.ipc import environment
from serving_runtime.worker import fork_server
from serving_runtime.worker.fork_server import ForkRequests, ProcessFootprint


@pytest.fixture
def sockets():
    """Yield the two ends of a socket for requests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


def test_nothing_was_added_where_nothing_was_done():
    """Looking itself opens a folder, which does not count."""
    assert ProcessFootprint.now().reason_not_forkable() == ""


def test_a_process_with_threads_is_not_forkable():
    """A fork has only the thread that forked."""
    before, end = ProcessFootprint.now(), threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert "threads" in before.reason_not_forkable()
    end.set()
    thread.join()


def test_a_process_that_has_opened_something_is_not_forkable():
    """Two processes that read from one connection would each have half of the answers."""
    before = ProcessFootprint.now()
    ends = socket.socketpair()
    assert "open" in before.reason_not_forkable()
    for end in ends:
        end.close()
    assert before.reason_not_forkable() == ""


def test_requests_come_by_what_the_front_has_passed(sockets):
    """Without its variable there are none; the user's own processes do not inherit the socket."""
    assert ForkRequests.from_env({}) is None
    passed = os.dup(sockets[1].fileno())
    os.set_inheritable(passed, True)
    requests = ForkRequests.from_env({environment.FORK_SERVER: f"{passed},77"})
    with requests.control:
        assert requests.connection == 77
        assert not os.get_inheritable(requests.control.fileno())
        sockets[0].send(b"a request")
        assert requests.control.recv(100) == b"a request"


def test_a_refusal_is_told_and_leaves_nobody_to_take_requests(sockets, caplog):
    """The front sees the end of the socket, and starts processes."""
    ours, theirs = sockets
    with caplog.at_level("INFO"):
        fork_server.start_fork_server(
            ForkRequests(theirs, 77, ProcessFootprint.now()), "it is stateful"
        )
    assert ours.recv(1) == b""
    assert caplog.messages == ["each worker loads the model by itself: it is stateful"]


def test_a_system_without_room_is_told(sockets, caplog, monkeypatch):
    """A worker that cannot be forked from serves all the same."""

    def refuse(front):
        raise OSError("out of processes")

    monkeypatch.setattr(fork_server, "_fork_away", refuse)
    fork_server.start_fork_server(ForkRequests(sockets[1], 77, ProcessFootprint.now()), "")
    assert sockets[0].recv(1) == b""
    assert caplog.messages == ["each worker loads the model by itself: out of processes"]
