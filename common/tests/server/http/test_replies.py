from email.utils import parsedate_to_datetime

import pytest

from serving_runtime.server.http.replies import ReplyWriter
from serving_runtime.server.http.statuses import PHRASES


def lines(head):
    """Return the lines of a head."""
    assert head.endswith(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n")[:-2]


def test_a_head():
    """Its status, the time, the body's type and length, and nothing else."""
    start, date, *rest = lines(ReplyWriter().head(200, "application/json", 7))
    assert start == "HTTP/1.1 200 OK"
    assert parsedate_to_datetime(date.partition(": ")[2]).year >= 2024
    assert rest == ["content-type: application/json", "content-length: 7"]


@pytest.mark.parametrize("status", [*PHRASES, 499])
def test_every_status_can_be_written(status):
    """With words that are its own."""
    start = lines(ReplyWriter().head(status, "", 0))[0]
    assert start.startswith(f"HTTP/1.1 {status} ")


def test_what_some_statuses_need():
    """When to come again, and what is asked for; 204 has no length."""
    writer = ReplyWriter()
    for status in (429, 503):
        assert "retry-after: 1" in lines(writer.head(status, "", 0))
    assert "www-authenticate: Bearer" in lines(writer.head(401, "", 0))
    assert not any("length" in line for line in lines(writer.head(204, "", 0)))


def test_nothing_breaks_a_line():
    """Whatever a header's value is."""
    head = ReplyWriter().head(200, "a\r\nb: c", 0, [("x", "1\n2\x00"), ("y", "\u2603")], True)
    assert "content-type: ab: c" in lines(head)
    assert "x: 12" in lines(head)
    assert "connection: close" in lines(head)


def test_the_time_goes_on(monkeypatch):
    """Once a second is enough."""
    writer = ReplyWriter()
    first = writer.head(200, "", 0)
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert writer.head(200, "", 0) == first
    writer.tick()
    assert b"date: Thu, 01 Jan 1970 00:00:00 GMT" in writer.head(200, "", 0)


def test_types_that_models_invent_take_no_memory():
    """What is kept is bounded."""
    writer = ReplyWriter()
    for number in range(1000):
        writer.head(200, f"application/x-{number}", 0)
    assert len(writer._common) < 200
