"""Keep Python's collector from looking through what stays, again and again."""

import gc


def spare_what_there_is() -> None:
    """Let no collection look through the objects that there are; not in Python 3.6.

    What a start makes stays: looking through it again holds up all calls meanwhile, for nothing.
    """
    getattr(gc, "freeze", lambda: None)()
