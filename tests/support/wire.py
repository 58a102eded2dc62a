"""What a protocol in one of its codecs is to the conformance suite; each is a module of ``wires``.

A new protocol is one new module there, with its ``WIRES``: every case of the suite is then written
and read by it, but for those that it says it cannot carry.
"""

import abc

from tests.support.cases import Case, Outcome
from tests.support.services import Answer, Call


class Wire(abc.ABC):
    """One way to write a call and to read what came of it, without the code under test."""

    name = ""

    def __str__(self) -> str:
        return self.name

    @abc.abstractmethod
    def write(self, case: Case) -> Call:
        """Return a case's request."""

    @abc.abstractmethod
    def read(self, answer: Answer) -> Outcome:
        """Return what an answer says, and check that it is written as the protocol wants it."""

    def gap(self, case: Case) -> str:
        """Return why this wire cannot carry a case, or nothing if it can."""
        return ""
