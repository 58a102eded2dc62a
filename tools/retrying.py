"""Repeat what may fail in passing, such as a registry or a mirror that stumbles."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def retrying(
    attempt: Callable[[], Result],
    pauses_seconds: Sequence[float],
    passing: type[Exception],
    report: Callable[[Exception, float], None],
) -> Result:
    """Return what an attempt returns, after a further one behind each pause if it fails.

    Args:
        attempt: what to do.
        pauses_seconds: before each further attempt; the last one's failure is raised.
        passing: the failure that may pass; any other ends it.
        report: takes each such failure and the pause that follows.
    """
    for seconds in pauses_seconds:
        try:
            return attempt()
        except passing as error:
            report(error, seconds)
            time.sleep(seconds)
    return attempt()
