"""Print tables, the same way for every verb."""

import textwrap
from typing import Iterable, Sequence

CELL_WIDTH = 72


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as an aligned table; a cell may have several lines."""
    from tabulate import tabulate  # only verbs that print a table pay for it

    # Numbers stay as they were written: 1e3 or 007 would be rewritten otherwise.
    return str(tabulate(list(rows), headers=list(headers), disable_numparse=True))


def folded(text: str) -> str:
    """Return a long text as the lines of one cell."""
    return textwrap.fill(text, CELL_WIDTH)
