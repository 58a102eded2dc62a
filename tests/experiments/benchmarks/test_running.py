import subprocess
import sys
import time

import pytest

from experiments.benchmarks import measure, rounds, server, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.load import Load, Shape
from experiments.benchmarks.peers import Start
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.server import Asked

ECHO = PEERS["limit-asyncio"]
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


@pytest.fixture(autouse=True)
def _this_interpreter(monkeypatch):
    """Make peers run in the environment of the tests."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))


def asked_of(peer, name="noop"):
    """Ask a peer for a case."""
    return Asked(peer, CASES[name], peer.protocol.encode(CASES[name]))


@pytest.mark.parametrize("name", ["limit-asyncio", "limit-queue"])
def test_a_peer_is_started_asked_and_ended(name):
    """The time to its first right answer is taken, and nothing of it is left."""
    asked = asked_of(PEERS[name])
    with server.running(asked) as up:
        assert up.cold_start_seconds > 0
        assert asked.problem(up.port) == ""
        assert measure.use(up.pid).pss_mb > 1
    assert measure.session(up.pid) == []


def test_a_wrong_answer_is_no_start(monkeypatch):
    """A peer that answers something else is not up, and the message says what it said."""
    monkeypatch.setattr(server, "START_SECONDS", 3)
    peer = ECHO._replace(prepare=lambda setup: (setup.folder / "reply").write_bytes(b""))
    told = "no right answer: ValueError: no output in an"
    with pytest.raises(server.ServerError, match=told), server.running(asked_of(peer)):
        pass


def test_a_peer_that_ends_is_told_with_its_log():
    """The last lines of its log say why."""
    command = [sys.executable, "-c", "print('no model'); raise SystemExit(3)"]
    peer = ECHO._replace(start=lambda setup: Start(command))
    told = r"ended with exit code 3\n  no model"
    with pytest.raises(server.ServerError, match=told), server.running(asked_of(peer)):
        pass


def test_a_peer_that_cannot_be_configured_does_not_end_the_run():
    """It is a result with a problem, and the next peer's turn comes."""

    def prepare(setup):
        raise FileNotFoundError("torch-model-archiver")

    plan = rounds.Plan([ECHO._replace(prepare=prepare)], [CASES["noop"]], [Shape(1, 1)], 1.0, 2)
    results = list(rounds.run(plan))
    assert [it.round for it in results] == [1, 2]
    assert all("torch-model-archiver" in it.problem for it in results)


def test_rounds_alternate_and_are_checked(monkeypatch):
    """Peers take turns; a round of figures ends with another question."""
    monkeypatch.setattr(rounds.load, "h2load", lambda *told: Load(100, 1.0, 2, 1.0, 2.0, 0))
    plan = rounds.Plan(
        [ECHO, PEERS["limit-queue"]], [CASES["noop"]], [Shape(1, 1), Shape(8, 1)], 1.0, 2
    )
    results = list(rounds.run(plan))
    assert [(it.round, it.peer, it.shape) for it in results] == [
        (number, peer, shape)
        for number in (1, 2)
        for peer in ("limit-asyncio", "limit-queue")
        for shape in ("1", "8/1")
    ]
    assert {(it.problem, it.errors, it.requests_per_second) for it in results} == {("", 2, 98.0)}
    assert all(it.pss_mb > 1 for it in results)


def test_http_has_no_shared_connection(monkeypatch):
    """Peers over HTTP/1.1 are left out where many requests share a connection."""
    monkeypatch.setattr(rounds.server, "running", lambda asked: pytest.fail("not to be started"))
    plan = rounds.Plan([PEERS["litserve"]], [], [Shape(64, 1)], 1.0, 1)
    assert list(rounds.run(plan)) == []


def test_no_answer_is_a_problem():
    """A load that got no answer has no figures."""
    empty = rounds.Result("p", "noop", "1", 1)
    found = rounds._figures(empty, Load(5, 1.0, 5, 0.0, 0.0), 1.0)
    assert (found.problem, found.errors) == ("no request was answered", 5)


def test_a_process_tree_is_measured_whole():
    """Children count, and so does what they hold."""
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE) as parent:
        while measure.use(parent.pid).processes < 2:
            time.sleep(0.01)
        assert parent.pid in measure.tree(parent.pid)
        assert measure.use(parent.pid).pss_mb > 1
        parent.stdin.close()
    assert measure.use(parent.pid) == measure.Use(0.0, 0.0, 1)


def test_what_proc_says_is_added_up(tmp_path):
    """CPU time of a process and its ended children, in seconds; a name may hold parentheses."""
    for pid, parent in ((10, 1), (11, 10), (12, 1)):
        (tmp_path / str(pid)).mkdir()
        fields = ["S", str(parent), "10", "10", *["0"] * 7, "100", "50", "25", "25", "0"]
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) b) {' '.join(fields)}")
        (tmp_path / str(pid) / "smaps_rollup").write_text(
            "Rss: 9 kB\nPss:    2048 kB\nPss_Anon: 512 kB\nPss_Shmem: 256 kB\n"
        )
    found = measure.use(10, tmp_path)
    assert (found.processes, found.pss_mb) == (2, 4.0)
    assert measure.held_mb(10, tmp_path) == 1.5
    assert found.cpu_seconds == pytest.approx(400 / measure.TICKS_PER_SECOND)
