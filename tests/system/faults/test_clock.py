"""The clock of the machine steps, as an administrator or NTP sets it: only the service's, here."""

import os
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.callers import Callers
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import PREDICT, SERVING, assert_bit_exact, channel, request
from tools.offline import packages

pytestmark = pytest.mark.apt

SOURCE = Path(__file__).with_name("stepped_clock.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """What gives a process a clock that can be stepped."""
    packages.ensure(("gcc",), ("gcc", "libc6-dev"), "to step a clock")
    path = tmp_path_factory.mktemp("clock") / "stepped_clock.so"
    subprocess.run(["gcc", "-Wall", "-Werror", "-shared", "-fPIC", SOURCE, "-o", path], check=True)
    return path


@pytest.fixture
def step(tmp_path):
    """Return a function that steps the service's clock, by so many days from the right time."""
    with (tmp_path / "clock").open("wb") as file:

        def step(days):
            os.pwrite(file.fileno(), struct.pack("l", days * 86400), 0)

        step(0)
        step.path = file.name
        yield step


@pytest.fixture
def server(serve, library, step):
    """A service that has answered, and asks no client to move while a deadline passes."""
    clock = {"LD_PRELOAD": str(library), "STEPPED_CLOCK": step.path}
    return serve(RUNTIME_CONNECTION_AGE="1h", **clock).wait_serving()


def year_in(days):
    """Return the year that it will be then."""
    return time.gmtime(time.time() + days * 86400).tm_year


@pytest.mark.parametrize("days", by_day([400, -400], -400))
def test_calls_are_answered_across_a_step(server, step, days):
    """Calls that run, those that come, and health: no deadline passes early, and none is lost."""
    with Callers(server.address, 4) as others, channel(server.address) as connection:
        call = connection.unary_unary(PREDICT, None, None)
        running = [call.future(request(f"sleep 0.{each}"), timeout=30) for each in (1, 2, 3)]
        step(days)
        assert [future.code().name for future in running] == ["OK"] * 3
        others.wait_answers(32)
        assert call(request(), timeout=30)
        assert server.health() == SERVING
    assert others.failures == []
    assert f"\n{year_in(days)}-" in server.log, "the service's clock did not step"


@pytest.mark.parametrize("days", by_day([400, -400], -400))
def test_deadlines_are_as_long_after_a_step(server, step, dial, days):
    """A call whose deadline passed while it waited is not run, and the next one is."""
    call = dial(server).unary_unary(PREDICT, None, None)
    running = call.future(request("note begun then await gate"), timeout=30)
    wait_until(lambda: server.runs("begun"), "the call to run")
    late = call.future(request("note late"), timeout=0.3)
    step(days)
    later = call.future(request("note later"), timeout=30)
    assert late.code().name == "DEADLINE_EXCEEDED"
    # A client's clock may be a moment ahead.
    server.wait_log("status=DEADLINE_EXCEEDED")
    server.note("gate").touch()
    assert [future.code().name for future in (running, later)] == ["OK", "OK"]
    assert [server.runs(name) for name in ("late", "later")] == [0, 1]


def test_a_worker_that_hangs_is_ended_after_a_step(server, step, dial):
    """Time goes on as it did for the service itself: it waits no shorter, and no longer."""
    call = dial(server).unary_unary(PREDICT, None, None)
    hung = call.future(request("note begun then loop"), timeout=3)
    wait_until(lambda: server.runs("begun"), "the call to run")
    step(-400)
    assert hung.code().name == "DEADLINE_EXCEEDED"
    server.wait_log("stayed busy past a call's deadline")
    assert_bit_exact(dial(server))
