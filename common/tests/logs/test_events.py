import json
import logging
import os
import re

import pytest

from serving_runtime import logs
from serving_runtime.logs import loggers
from serving_runtime.logs.events import EventLog
from serving_runtime.logs.nonblocking import PIPE_BYTES

NAMES = ("id", "ms", "why", "100%")
VALUES = ("abc", 3.9, 'a "b"\nc = 100%s', 0)
TIME = re.compile(r"[0-9-]+T[0-9:]+\.[0-9]{3}Z")


@pytest.fixture
def log():
    """Return an event log of calls."""
    return EventLog(logs.get_logger("a.b"), "called 100%s")


@pytest.fixture
def written(tmp_path):
    """Return a function that writes by a function, and gives the lines that came to a file."""

    def write(form, work, minimum="info"):
        path = tmp_path / "log"
        with path.open("w") as stream:
            logs.configure(minimum, form, stream, role="front")
            work()
            logs.configure("info", form, None)
        return path.read_text(encoding="utf-8").splitlines()

    return write


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_is_that_of_a_record(log, written, form):
    """But for the time, not a byte differs, whatever the fields hold."""

    def write():
        log.add(NAMES, VALUES)
        log.flush()
        fields = dict(zip(NAMES, VALUES))
        logs.get_logger("a.b").info("called 100%s", extra={"fields": fields})

    event, record = written(form, write)
    without_time = [TIME.sub("", line, count=1) for line in (event, record)]
    assert without_time[0] == without_time[1]
    assert without_time[0] != event


def test_json_can_be_read(log, written):
    """Each line is an object with the fields as they were."""

    def write():
        log.add(NAMES, VALUES)
        log.flush()

    [line] = written("json", write)
    entry = json.loads(line)
    assert TIME.match(entry.pop("time"))
    assert entry == {
        "level": "info", "role": "front", "logger": "a.b", "message": "called 100%s",
        "id": "abc", "ms": 3.9, "why": 'a "b"\nc = 100%s', "100%": 0,
    }  # fmt: skip


def test_nothing_is_written_before_the_flush(log, written):
    """Events are kept, and come in their order."""

    def write():
        log.add(("n",), (1,))
        log.add(("n",), (2,))
        logs.get_logger("n").info("first")
        log.flush()
        log.flush()

    assert [line.rpartition(" ")[2] for line in written("text", write)] == ["first", "n=1", "n=2"]


def test_level_hides_events(log, written):
    """They have level INFO, and are forgotten where it is not shown."""

    def write():
        log.add(("n",), (1,))
        log.flush()
        loggers.root.setLevel("INFO")
        log.flush()

    assert written("text", write, "warning") == []


def test_other_handlers_get_records(log, caplog):
    """A handler that is not ours, such as that of a test, sees what it would see of a record."""
    caplog.set_level(logging.INFO)
    log.add(NAMES, VALUES)
    log.flush()
    [record] = caplog.records
    assert record.fields == dict(zip(NAMES, VALUES))


def test_many_lines_are_written_at_once_and_each_as_a_whole(log, written, monkeypatch):
    """A pipe takes so much at once: no line of another process comes amid one of ours."""
    sizes = []
    write = os.write

    def counting(descriptor, data):
        sizes.append(len(data))
        assert data.endswith(b"\n")
        return write(descriptor, data)

    def write_many():
        for number in range(100):
            log.add(("n",), (number,))
        monkeypatch.setattr(os, "write", counting)
        log.flush()
        monkeypatch.undo()

    lines = written("text", write_many)
    assert [line.rpartition("=")[2] for line in lines] == [str(number) for number in range(100)]
    assert max(sizes) <= PIPE_BYTES
    assert len(sizes) <= sum(sizes) // (PIPE_BYTES // 2) + 1
