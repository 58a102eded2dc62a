import os
import subprocess
import sys

import pytest

from tools.command_line import ToolError
from tools.offline import engine


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Make the tool use a folder of its own."""
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    monkeypatch.setattr(engine, "PID_FILE", tmp_path / "dockerd.pid")
    monkeypatch.setattr(engine, "DATA", tmp_path / "data")
    return tmp_path


@pytest.fixture
def process():
    """Start a process whose command line ends as told; it is ended with the test."""
    started = []

    def start(*arguments):
        code = "import time; print(flush=True); time.sleep(60)"
        command = [sys.executable, "-c", code, *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        started[-1].stdout.readline()
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
        one.stdout.close()


def test_an_engine_that_answers_is_left_alone(monkeypatch):
    """What runs is used, whoever started it."""
    monkeypatch.setattr(engine, "version", lambda: "20.10.24")
    monkeypatch.setattr(engine, "_start", lambda: pytest.fail("started another one"))
    assert engine.ensure() == "20.10.24"


def test_only_root_starts_an_engine(monkeypatch):
    """Others are told that they need one."""
    monkeypatch.setattr(engine, "version", lambda: "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(ToolError, match="no Docker engine answers"):
        engine.ensure()


def test_an_engine_elsewhere_is_not_replaced(monkeypatch):
    """Who names an engine wants that one."""
    monkeypatch.setattr(engine, "version", lambda: "")
    monkeypatch.setenv("DOCKER_HOST", "tcp://localhost:1")
    with pytest.raises(ToolError, match="DOCKER_HOST"):
        engine.ensure()


def test_a_foreign_process_is_never_stopped(process):
    """A process id that has gone to another program is not ours, nor is a missing one."""
    assert engine.stop() is False
    other = process("--data-root", "/elsewhere")
    engine.PID_FILE.write_text(str(other.pid))
    assert engine.stop() is False
    assert other.poll() is None


def test_our_own_engine_is_stopped(process):
    """The process that has our data is told to end, and has ended then."""
    own = process("--data-root", str(engine.DATA))
    engine.PID_FILE.write_text(str(own.pid))
    assert engine.ours() == own.pid
    assert engine.stop() is True
    assert own.wait() != 0
