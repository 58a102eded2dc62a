"""Know which sequence of calls a stateful model's state is of: one is alive at a time.

A client that begins one takes the state over, so that a client that is gone cannot keep it; the one
that had it is told so by its next call.
"""

from typing import Optional

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import SequenceStep
from serving_runtime.validation.problems import quoted


class LiveSequence:
    """The sequence that has the state, if any has."""

    def __init__(self) -> None:
        self._name = ""

    def begins(self, step: Optional[SequenceStep], is_asked: bool) -> bool:
        """Return whether the state is to be reset before a call.

        Args:
            step: what its request says of a sequence; None where it says nothing.
            is_asked: whether its caller asks for a reset otherwise.

        Raises:
            InvalidInput: the call goes on with a sequence that is not alive.
        """
        begins = is_asked or (step is not None and step.starts)
        if step is not None and not begins and step.name != self._name:
            raise InvalidInput(self._why_not(step.name))
        return begins

    def follow(self, step: Optional[SequenceStep]) -> None:
        """Note the call that runs now; one that is of no sequence is a reset's."""
        self._name = step.name if step is not None and not step.ends else ""

    def _why_not(self, name: str) -> str:
        if self._name:
            return (
                f"the model has the state of one sequence at a time, which is now that of "
                f"{quoted(self._name)}: sequence {quoted(name)} begins anew with sequence_start"
            )
        return (
            f"no sequence is alive, so the first call of sequence {quoted(name)} needs "
            "sequence_start; the state of an earlier one ended, or was lost with its worker"
        )
