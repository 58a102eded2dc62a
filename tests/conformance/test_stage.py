"""What the suite relies on: tests in a row share a service, and one that ends badly is noticed."""

import contextlib
import threading
from typing import NamedTuple

import pytest

from tests.support.stage import AHEAD, Stage


class Setup(NamedTuple):
    """Serves its own name, and notes each start and end."""

    name: str
    events: list
    target: str = "a server"
    problem: str = ""

    @contextlib.contextmanager
    def start(self):
        """Serve until the context ends."""
        self.events.append(("start", self.name))
        yield self.name
        self.events.append(("end", self.name))
        assert not self.problem, self.problem


@pytest.fixture
def events():
    """What has started and ended, in order."""
    return []


def test_tests_in_a_row_share_a_service(events):
    """Another one ends it, and so does a wish for a fresh start."""
    stage = Stage()
    a, b = Setup("a", events), Setup("b", events)
    assert [stage.serve(it) for it in (a, a, b)] == ["a", "a", "b"]
    assert stage.serve(b, fresh=True) == "b"
    stage.clear()
    assert (
        sorted(events)
        == [("end", "a")] + [("end", "b")] * 2 + [("start", "a")] + [("start", "b")] * 2
    )


def test_what_comes_next_has_started_and_what_never_came_ends(events):
    """Each is started once, and at most so many ahead of the one that runs."""
    plan = [Setup(name, events) for name in "abcdef"]
    stage = Stage(plan)
    for setup in plan[:2]:
        assert stage.serve(setup) == setup.name
    stage.clear()
    expected = [setup.name for setup in plan[: 2 + AHEAD]]
    assert sorted(name for what, name in events if what == "start") == expected
    assert sorted(name for what, name in events if what == "end") == expected


def test_one_that_ends_badly_is_noticed(events):
    """At the latest when all is over, and nothing of it is left."""
    stage = Stage()
    stage.serve(Setup("a", events, problem="exit code 1"))
    with pytest.raises(AssertionError, match="exit code 1"):
        stage.clear()
    assert not [it for it in threading.enumerate() if it in stage._threads._threads]


def test_one_that_does_not_start_fails_its_own_test(events):
    """Also where it was started ahead, and its turn came later."""

    class Broken(Setup):
        def start(self):
            raise AssertionError("the server did not start")

    good, bad = Setup("a", events), Broken("b", events)
    stage = Stage([good, bad])
    assert stage.serve(good) == "a"
    with pytest.raises(AssertionError, match="did not start"):
        stage.serve(bad)
    assert stage.serve(good) == "a"
    stage.clear()
