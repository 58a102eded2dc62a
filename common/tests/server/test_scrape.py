import asyncio

from serving_runtime.errors import Status
from serving_runtime.operations import METRICS
from serving_runtime.server import scrape
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.metrics.collector import Snapshot
from serving_runtime.server.scrape import Scrape
from serving_runtime.server.transport import Request


class Nothing:
    """A collector of nothing."""

    def snapshot(self):
        """Return no values."""
        return Snapshot([], "", [])


def ask(run, asked):
    """Return the reply to a scrape."""

    async def whole():
        replied = asyncio.get_event_loop().create_future()

        def respond(reply, headers):
            replied.set_result(reply)

        with asked._lock:
            asked.answer(Request(METRICS, b"", "", None, None, respond))
        return await replied

    return run(whole())


def test_the_text_and_its_type_are_the_answer(run):
    """It comes later: it is written in a thread."""
    reply = ask(run, Scrape(Nothing(), FrontLock()))
    assert reply.status is Status.OK
    assert reply.attributes["content-type"].startswith("text/plain")
    assert b"process_cpu_seconds_total" in reply.payload


def test_a_failure_is_answered_and_logged(run, caplog):
    """A scrape that is never answered would look like a service that hangs."""
    asked = Scrape(Nothing(), FrontLock())
    asked._exposition = object()
    assert ask(run, asked) is scrape.FAILED
    assert "the metrics cannot be written" in caplog.text
