import textwrap

import pytest

from serving_runtime.server.transitions import ImpossibleEventError
from serving_runtime.server.workers import lifecycle
from serving_runtime.server.workers.lifecycle import Event, State


def test_the_drawing_is_that_of_the_table():
    """A table that has changed has another drawing: print it with ``drawing()``."""
    assert textwrap.indent(lifecycle.drawing(), "    ") in lifecycle.__doc__


def test_every_state_is_reached_and_every_event_happens():
    """Nothing in the table is there for nothing."""
    assert {State.LOADING, *lifecycle.TRANSITIONS.values()} == set(State)
    assert {event for _, event in lifecycle.TRANSITIONS} == set(Event)


@pytest.mark.parametrize("state", [state for state in State if state is not State.ENDED])
def test_a_worker_may_end_at_any_time(state):
    """Whatever it was doing."""
    assert lifecycle.follow(state, Event.CLOSED) is State.ENDED


@pytest.mark.parametrize(
    ("state", "event"),
    [(s, e) for s in State for e in Event if (s, e) not in lifecycle.TRANSITIONS],
)
def test_event_that_the_table_lacks_is_an_error(state, event):
    """The text says what happened, and when."""
    with pytest.raises(ImpossibleEventError, match=f"{event.name} while {state.name}"):
        lifecycle.follow(state, event)
