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
    return [it if it in daily else _nightly(it) for it in found]


def _nightly(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.nightly)
