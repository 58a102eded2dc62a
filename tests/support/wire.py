"""What a protocol in one of its codecs is to the conformance suite; each is a module of ``wires``.

A new protocol is one new module there, with its ``WIRES``: every case of the suite is then written
and read by it, but for those that it says it cannot carry.
"""

import abc
from typing import FrozenSet

from serving_runtime.errors import ProblemKind
from tests.support.cases import Case, Outcome
from tests.support.services import Answer, Call

# What a request without a signature's name may mean.
DEFAULTS = ("", "serving_default")


class Wire(abc.ABC):
    """One way to write a call and to read what came of it, without the code under test."""

    name = ""
    names_signatures = True
    lacks: FrozenSet[ProblemKind] = frozenset()
    """The kinds of problems that no request over it can have."""

    def __str__(self) -> str:
        return self.name

    @abc.abstractmethod
    def write(self, case: Case) -> Call:
        """Return a case's request."""

    @abc.abstractmethod
    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says, and check that it is written as the protocol wants it."""

    def alone(self, case: Case) -> str:
        """Return the signature that must be the only one served; empty where a request means it."""
        return "" if self.names_signatures or case.signature in DEFAULTS else case.signature

    def transported(self, outcome: Outcome) -> Outcome:
        """Return what becomes of a worker's outcome where its transport tells fewer apart."""
        return outcome

    def gap(self, case: Case) -> str:
        """Return why this wire cannot carry a case, or nothing if it can."""
        return ""
