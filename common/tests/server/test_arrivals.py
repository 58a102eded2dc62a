import pytest

from serving_runtime.server.arrivals import Arrivals


@pytest.fixture
def asked():
    """Return the calls whose messages were asked for, in order."""
    return []


@pytest.fixture
def arrivals(asked):
    """Return a function that begins calls, of which two may arrive at a time, and the bound."""
    bound = Arrivals(2)

    def begin(*calls):
        for call in calls:
            bound.begin(call, lambda call=call: asked.append(call))
        return bound

    return begin


def test_so_many_arrive_at_a_time(arrivals, asked):
    """The next one is asked for when one of them is there, in order of arrival."""
    bound = arrivals("first", "second", "third", "fourth")
    assert asked == ["first", "second"]
    bound.end("second")
    assert asked == ["first", "second", "third"]
    bound.end("first")
    bound.end("third")
    assert asked == ["first", "second", "third", "fourth"]


def test_nobody_waits_for_what_is_slow(arrivals, asked):
    """All that wait are asked for; the bound holds again for those who come later."""
    bound = arrivals("first", "second", "third", "fourth", "fifth")
    bound.pass_on()
    assert asked == ["first", "second", "third", "fourth", "fifth"]
    arrivals("sixth", "seventh")
    assert asked[5:] == ["sixth"]


def test_one_that_has_given_its_place_away_frees_none(arrivals, asked):
    """Its end is no other's."""
    bound = arrivals("first", "second", "third", "fourth")
    bound.pass_on()
    arrivals("fifth")
    bound.end("first")
    assert asked == ["first", "second", "third", "fourth"]
    bound.end("third")
    assert asked[4:] == ["fifth"]
