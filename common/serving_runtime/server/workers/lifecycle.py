"""What a worker is doing, as a table: all that may happen to it, and what it is then.

The drawing is made from the table, by ``drawing``:

    LOADING ─┬─ loaded ───> FREE
             ├─ refused ──> REFUSED
             └─ closed ───> ENDED
    REFUSED ─── closed ───> ENDED
    FREE ────┬─ sent ─────> BUSY
             └─ closed ───> ENDED
    BUSY ────┬─ joined ───> BUSY
             ├─ answered ─> FREE
             └─ closed ───> ENDED
    ENDED
"""

import enum
from typing import Dict, Tuple

from serving_runtime.server import transitions
from serving_runtime.server.transitions import ImpossibleEventError


class State(enum.Enum):
    """What a worker is doing."""

    LOADING = "loads the model"
    REFUSED = "could not load the model, and is about to end"
    FREE = "waits for calls"
    BUSY = "runs calls"
    ENDED = "has closed its socket, or was cut off"

    # Enum's own is a function in Python, and this one is called for each batch.
    __hash__ = object.__hash__


class Event(enum.Enum):
    """What may happen to a worker."""

    LOADED = "it has loaded the model (READY)"
    REFUSED = "it cannot load the model (FAILED)"
    SENT = "it was given a batch"
    JOINED = "it was given a batch beside those that it runs"
    ANSWERED = "it has answered the last call that it held"
    CLOSED = "its socket has closed"

    __hash__ = object.__hash__


TRANSITIONS: Dict[Tuple[State, Event], State] = {
    (State.LOADING, Event.LOADED): State.FREE,
    (State.LOADING, Event.REFUSED): State.REFUSED,
    (State.LOADING, Event.CLOSED): State.ENDED,
    (State.REFUSED, Event.CLOSED): State.ENDED,
    (State.FREE, Event.SENT): State.BUSY,
    (State.FREE, Event.CLOSED): State.ENDED,
    (State.BUSY, Event.JOINED): State.BUSY,
    (State.BUSY, Event.ANSWERED): State.FREE,
    (State.BUSY, Event.CLOSED): State.ENDED,
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
