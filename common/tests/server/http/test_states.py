import textwrap

import pytest

from serving_runtime.server.http import states
from serving_runtime.server.http.states import Event, State
from serving_runtime.server.transitions import ImpossibleEventError


def test_the_drawing_is_that_of_the_table():
    """A table that has changed has another drawing: print it with ``drawing()``."""
    assert textwrap.indent(states.drawing(), "    ") in states.__doc__


def test_every_state_is_reached_and_every_event_happens():
    """Nothing in the table is there for nothing."""
    assert {State.IDLE, *states.TRANSITIONS.values()} == set(State)
    assert {event for _, event in states.TRANSITIONS} == set(Event)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_a_client_may_go_at_any_time(state):
    """Whatever its connection was doing."""
    assert states.follow(state, Event.LOST) is State.CLOSED


@pytest.mark.parametrize(
    ("state", "event"),
    [(s, e) for s in State for e in Event if (s, e) not in states.TRANSITIONS],
)
def test_event_that_the_table_lacks_is_an_error(state, event):
    """The text says what happened, and when."""
    with pytest.raises(ImpossibleEventError, match=f"{event.name} while {state.name}"):
        states.follow(state, event)
