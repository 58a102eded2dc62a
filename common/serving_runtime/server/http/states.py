"""What one connection is doing, as a table: all that may happen to it, and what it is then.

The drawing is made from the table, by ``drawing``:

    IDLE ──────┬─ begun ────> ARRIVING
               ├─ whole ────> ANSWERING
               ├─ ended ────> ENDING
               └─ lost ─────> CLOSED
    ARRIVING ──┬─ begun ────> ARRIVING
               ├─ whole ────> ANSWERING
               ├─ ended ────> ENDING
               └─ lost ─────> CLOSED
    ANSWERING ─┬─ answered ─> IDLE
               ├─ ended ────> ENDING
               └─ lost ─────> CLOSED
    ENDING ────── lost ─────> CLOSED
    CLOSED
"""

import enum
from typing import Dict, Tuple

from serving_runtime.server import transitions
from serving_runtime.server.transitions import ImpossibleEventError


class State(enum.Enum):
    """What a connection is doing."""

    IDLE = "waits for a request"
    ARRIVING = "has a part of a request"
    ANSWERING = "has a whole request, and not its reply"
    ENDING = "has its last reply; what else comes is dropped"
    CLOSED = "is no more"

    # Enum's own is a function in Python, and this one is called for each request.
    __hash__ = object.__hash__


class Event(enum.Enum):
    """What may happen to a connection."""

    BEGUN = "a part of a request has come"
    WHOLE = "a request is whole"
    ANSWERED = "its reply is written"
    ENDED = "the last reply is written, or there will be none"
    LOST = "the socket has closed"

    __hash__ = object.__hash__


TRANSITIONS: Dict[Tuple[State, Event], State] = {
    (State.IDLE, Event.BEGUN): State.ARRIVING,
    (State.IDLE, Event.WHOLE): State.ANSWERING,
    (State.IDLE, Event.ENDED): State.ENDING,
    (State.IDLE, Event.LOST): State.CLOSED,
    (State.ARRIVING, Event.BEGUN): State.ARRIVING,
    (State.ARRIVING, Event.WHOLE): State.ANSWERING,
    (State.ARRIVING, Event.ENDED): State.ENDING,
    (State.ARRIVING, Event.LOST): State.CLOSED,
    (State.ANSWERING, Event.ANSWERED): State.IDLE,
    (State.ANSWERING, Event.ENDED): State.ENDING,
    (State.ANSWERING, Event.LOST): State.CLOSED,
    (State.ENDING, Event.LOST): State.CLOSED,
}


def follow(state: State, event: Event) -> State:
    """Return the state after an event.

    Raises:
        ImpossibleEventError: the table has no such event in that state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ImpossibleEventError(f"{event.name} while {state.name}") from None


def drawing() -> str:
    """Return the table as a drawing."""
    return transitions.drawing(State, TRANSITIONS)
