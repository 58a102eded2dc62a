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
from typing import Dict, List, Tuple


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


class ImpossibleEventError(Exception):
    """Something has happened that cannot happen in this state."""


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
    """Return the table as a drawing: what may happen in each state, and what it leads to."""
    lines: List[str] = []
    for state in State:
        leading = [(event, to) for (origin, event), to in TRANSITIONS.items() if origin is state]
        if not leading:
            lines.append(state.name)
        for index, (event, target) in enumerate(leading):
            start = f"{state.name} ".ljust(8, "─") if index == 0 else " " * 8
            fork = "─┬─" if index == 0 else "├─"
            if index == len(leading) - 1:
                fork = "───" if index == 0 else "└─"
            arrow = f"{event.name.lower()} ".ljust(10, "─")
            lines.append(f"{start}{fork.rjust(3)} {arrow}> {target.name}")
    return "\n".join(lines)
