"""What the dispatcher asks of a worker; how one is reached is not its business."""

import abc
from typing import Sequence

from serving_runtime.server.admission.call import FrontCall


class Worker(abc.ABC):
    """One that runs batches of calls; all of it while holding the front lock.

    Attributes:
        is_stateful: whether it must be given calls one at a time.
        stacks: whether it may answer several calls with one of the model.
        slots: how many batches it runs at once.
    """

    is_stateful: bool
    stacks: bool
    slots: int

    @property
    @abc.abstractmethod
    def free_slots(self) -> int:
        """How many more batches it may be given now."""

    @property
    @abc.abstractmethod
    def running_bytes(self) -> int:
        """How large the requests are that it runs; kept where it may run several batches."""

    @property
    @abc.abstractmethod
    def is_free(self) -> bool:
        """Whether it waits for calls."""

    @property
    @abc.abstractmethod
    def is_busy(self) -> bool:
        """Whether it holds calls that it has not answered."""

    @abc.abstractmethod
    def send(self, calls: Sequence[FrontCall]) -> None:
        """Send it ``calls`` to answer together; it must have a free slot."""

    @abc.abstractmethod
    def read_replies(self) -> None:
        """Take the replies that are there already."""

    @abc.abstractmethod
    def deliver_replies(self) -> None:
        """Answer the calls whose replies have been read, before the front lock is released."""
