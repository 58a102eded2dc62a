"""What tables of states have in common: an event that cannot happen, and a drawing of the table."""

import enum
from typing import Iterable, List, Mapping, Tuple, Type, TypeVar

State = TypeVar("State", bound=enum.Enum)
Event = TypeVar("Event", bound=enum.Enum)

_ARROW_LETTERS = 10


class ImpossibleEventError(Exception):
    """Something has happened that cannot happen in this state."""


def drawing(states: Type[State], transitions: Mapping[Tuple[State, Event], State]) -> str:
    """Return a table as a drawing: what may happen in each state, and what it leads to."""
    width = max(len(state.name) for state in states) + 1
    lines: List[str] = []
    for state in states:
        leading = [(event, to) for (origin, event), to in transitions.items() if origin is state]
        lines += _fork(state.name, leading, width) if leading else [state.name]
    return "\n".join(lines)


def _fork(name: str, leading: List[Tuple[Event, State]], width: int) -> Iterable[str]:
    last = len(leading) - 1
    for index, (event, target) in enumerate(leading):
        start = f"{name} ".ljust(width, "─") if index == 0 else " " * width
        fork = "─┬─" if index == 0 else "├─"
        if index == last:
            fork = "───" if index == 0 else "└─"
        arrow = f"{event.name.lower()} ".ljust(_ARROW_LETTERS, "─")
        yield f"{start}{fork.rjust(3)} {arrow}> {target.name}"
