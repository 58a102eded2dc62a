import logging
import os
import re
import subprocess
import sys
import threading
import time

import pytest

from serving_runtime.logs import formatters, nonblocking
from serving_runtime.logs.handlers import LineHandler
from serving_runtime.logs.nonblocking import Lines

LINE = b"x" * 99 + b"\n"


def shown(count):
    """Return the line about lost ones that the tests want."""
    return b"%d lost\n" % count


def until(condition):
    """Wait for a condition to hold."""
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "the condition never held"
        time.sleep(0.001)


@pytest.fixture(params=["opened again", "as it is"])
def pipe(request, monkeypatch):
    """Yield a pipe's ends; its writer either may be opened again, or not (without permission)."""
    if request.param == "as it is":
        monkeypatch.setattr(nonblocking, "_opened_again", lambda descriptor: None)
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            assert descriptor == reader  # the test has closed it


def read_until(reader, end):
    """Read a pipe until it gives something that matches, and return all."""
    found = b""
    while not re.search(end, found):
        found += os.read(reader, 1 << 16)
    return found


def test_a_pipe_that_nobody_reads_stops_nobody_and_the_loss_is_shown(pipe, monkeypatch):
    """Lines wait up to the bound, the others are counted; order and wholeness are kept."""
    monkeypatch.setattr(nonblocking, "MAX_WAITING_BYTES", 100 * len(LINE))
    reader, writer = pipe
    lines = Lines(writer, shown)
    for number in range(2000):
        lines.write(b"%098d\n" % number)
    found = read_until(reader, b"lost\n").splitlines()
    lost = int(found.pop().split()[0])
    assert [int(line) for line in found] == list(range(2000 - lost))
    assert 0 < lost < 1900
    until(lambda: "log" not in [thread.name for thread in threading.enumerate()])
    lines.write(b"after\n")
    assert read_until(reader, b"\n") == b"after\n"
    lines.close()


def test_a_line_longer_than_the_pipe_arrives_whole(pipe):
    """A traceback may be longer than what a pipe takes at once."""
    reader, writer = pipe
    lines = Lines(writer, shown)
    long = b"y" * 200000 + b"\n"
    lines.write(long)
    assert read_until(reader, b"\n") == long
    lines.flush()
    lines.close()


def test_flush_waits_for_a_reader_but_not_for_ever(pipe, monkeypatch):
    """The last lines of a process are read, if anyone reads."""
    monkeypatch.setattr(nonblocking, "FLUSH_SECONDS", 0.05)
    reader, writer = pipe
    lines = Lines(writer, shown)
    for _ in range(1000):
        lines.write(LINE)
    begun = time.monotonic()
    lines.flush()
    assert time.monotonic() >= begun + 0.05
    lines.close()
    lines.write(LINE)  # lost, and nobody hurt
    assert len(os.read(reader, 1 << 20)) < 1000 * len(LINE)


def test_a_reader_that_has_gone_harms_nobody(pipe):
    """The signal of a broken pipe is not Python's default, and the error is not raised."""
    reader, writer = pipe
    lines = Lines(writer, shown)
    os.close(reader)
    for _ in range(3):
        lines.write(LINE)
    lines.close()


def test_a_full_disk_loses_lines_until_there_is_room(monkeypatch):
    """What cannot be written is counted, and shown first once something can be."""
    reader, writer = os.pipe()
    lines = Lines(writer, shown)
    write, is_full = os.write, [True]

    def write_if_not_full(descriptor, data):
        if is_full:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", write_if_not_full)
    for _ in range(3):
        lines.write(LINE)
    is_full.clear()
    lines.write(LINE)
    assert os.read(reader, 1000) == b"3 lost\n" + LINE
    lines.close()
    os.close(reader)
    os.close(writer)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_handler_on_a_full_device_raises_nothing():
    """Logging must not fail a call, nor log about itself for ever."""
    with open("/dev/full", "w") as full:
        handler = LineHandler(full.fileno())
        for _ in range(100):
            handler.handle(logging.LogRecord("n", logging.INFO, "", 0, "m", None, None))
        handler.end()


def test_a_file_is_written_where_it_is(tmp_path):
    """A regular file never makes a writer wait, and its position is shared with other writers."""
    with open(str(tmp_path / "log"), "wb") as log:
        handler = LineHandler(log.fileno())
        handler.setFormatter(formatters.TextFormatter("front"))
        os.write(log.fileno(), b"first\n")
        handler.handle(logging.LogRecord("n", logging.INFO, "", 0, "second", None, None))
        os.write(log.fileno(), b"third\n")
        handler.end()
    found = (tmp_path / "log").read_text().splitlines()
    assert (found[0], found[1][-9:], found[2]) == ("first", "n: second", "third")


def test_lines_go_on_when_the_one_that_was_opened_again_is_closed(pipe):
    """User code may close all descriptors but the three that every process has."""
    reader, writer = pipe
    lines = Lines(writer, shown)
    os.close(lines._descriptor)
    lines.write(b"one\n")
    lines.write(b"two\n")
    lines.close()
    os.write(writer, b"end\n")
    assert read_until(reader, b"end") == b"one\ntwo\nend\n"
    lines.write(b"lost\n")


@pytest.mark.parametrize("is_inherited_closed", [False, True])
def test_a_handler_that_is_closed_goes_on(pipe, is_inherited_closed):
    """The standard library closes all there are; user code closes standard error."""
    reader, writer = pipe
    copy = os.dup(writer)
    handler = LineHandler(copy)
    if is_inherited_closed:
        os.close(copy)
    handler.close()
    handler.write(["one"])
    if not is_inherited_closed:
        os.close(copy)
    handler.end()
    assert read_until(reader, b"\n") == b"one\n"


CLOSED = """
import os, socket, sys
from serving_runtime import logs
logs.configure("info", "text", sys.stderr)
logs.get_logger("n").error("nobody reads this")
with socket.socket() as opened:
    assert opened.fileno() > 2, opened
assert os.readlink("/proc/self/fd/2") == os.devnull
print("fine")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_closed_standard_error_is_not_given_to_a_socket():
    """The descriptor 2 is held, since C code writes to it whatever it is."""
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", CLOSED]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"fine\n"
