"""Look at cases of any sort again: requests as they came together, or contracts."""

from collections.abc import Sequence

from tests.fuzz import contracts
from tests.fuzz.corpus import Case
from tests.fuzz.service import Service


def problem(service: Service, cases: Sequence[Case]) -> str:
    """Return what is wrong with cases that belong together; empty if nothing is."""
    if cases[0].method in contracts.FORMS:
        return next(filter(None, map(contracts.problem, cases)), "")
    return service.problem(cases)[0]
