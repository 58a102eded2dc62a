"""Write tables, the same way for every tool."""

from collections.abc import Iterable, Sequence

NOTHING = "-"
"""Stands where nothing was measured."""


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table that is legible as it is."""
    from tabulate import tabulate  # the verbs of the matrix make none, and do without it

    # Versions are words here: 1.10 is not the number 1.1.
    return tabulate(list(rows), list(head), tablefmt="github", disable_numparse=True) + "\n"


def megabytes(size_bytes: int) -> str:
    """Write a size as people read it."""
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes else NOTHING
