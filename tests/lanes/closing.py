"""Read the lines with which runs of pytest close, and write one for all of them."""

import collections
import re
from collections.abc import Iterable

# `12 failed, 3 passed, 1 skipped in 4.56s (0:01:02)`, with or without `=` around it.
_CLOSING = re.compile(r"(?:=+ )?((?:\d+ [a-z]+,? )+)in [0-9.]+s(?: \([0-9:]+\))?(?: =+)?")
_COUNT = re.compile(r"(\d+) ([a-z]+)")
ORDER = ("failed", "passed", "skipped", "error", "errors", "xfailed")

Counts = collections.Counter[str]


def counts_of(line: str) -> Counts:
    """Return what a line counts if pytest closes with it, else nothing."""
    closing = _CLOSING.fullmatch(line.strip())
    found = _COUNT.findall(closing.group(1)) if closing else []
    return Counts({what: int(count) for count, what in found if what in ORDER})


def line_of(counts: Iterable[Counts], seconds: float) -> str:
    """Return the closing line for the sum of several runs."""
    total = sum(counts, Counts())
    text = ", ".join(f"{total[what]} {what}" for what in ORDER if total[what]) or "no tests ran"
    return f"==== {text} in {seconds:.2f}s ===="
