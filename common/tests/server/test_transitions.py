import enum

from serving_runtime.server import transitions


class State(enum.Enum):
    """Of a lamp."""

    DARK = 1
    LIT = 2
    BROKEN = 3


class Event(enum.Enum):
    """What may happen to it."""

    ON = 1
    OFF = 2
    FALL = 3


TABLE = {
    (State.DARK, Event.ON): State.LIT,
    (State.LIT, Event.OFF): State.DARK,
    (State.LIT, Event.ON): State.LIT,
    (State.LIT, Event.FALL): State.BROKEN,
}
DRAWING = """\
DARK ───── on ───────> LIT
LIT ────┬─ off ──────> DARK
        ├─ on ───────> LIT
        └─ fall ─────> BROKEN
BROKEN"""


def test_a_table_is_drawn():
    """State by state, in their order, and their events in that of the table."""
    assert transitions.drawing(State, TABLE) == DRAWING
