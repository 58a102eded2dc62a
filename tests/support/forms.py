"""Forms of one test: which are tried by day, and which are for the night."""

from typing import Any, Iterable, List

import pytest


def by_day(cases: Iterable[Any], *daily: Any) -> List[Any]:
    """Return cases for ``parametrize``, of which ``make test`` runs those that are named.

    Raises:
        ValueError: what is named is no case.
    """
    found = list(cases)
    unknown = [case for case in daily if case not in found]
    if unknown:
        raise ValueError(f"no case is {unknown}")
    return [it if it in daily else pytest.param(it, marks=pytest.mark.nightly) for it in found]
