"""Know what each worker may be given, where workers run several batches at once."""

import math
import operator
from typing import List, Optional, Sequence

from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.worker import Worker


class Room:
    """What one worker may be given, while calls are assigned and none is sent yet."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.free_slots = worker.free_slots
        self.is_empty = self.free_slots == worker.slots
        self.running_bytes = worker.running_bytes

    def fits(self, call: FrontCall, max_bytes: int) -> bool:
        """Whether the worker may be given a call now.

        One that has seen a worker end is alone in the next: what runs beside it might be the cause.
        """
        if self.is_empty:
            return True
        return not call.deaths and self.running_bytes + len(call.payload) <= max_bytes

    def take(self, calls: Sequence[FrontCall]) -> None:
        """Note that the worker gets a batch."""
        self.free_slots = 0 if calls[0].deaths else self.free_slots - 1
        self.is_empty = False
        self.running_bytes += sum(len(call.payload) for call in calls)


class Rooms:
    """Share what waits among the free slots, as if each were a worker of its own.

    Args:
        workers: those that run calls.
        max_bytes: how large the requests may be that run in one worker; a single one always fits.
    """

    def __init__(self, workers: Sequence[Worker], max_bytes: int) -> None:
        self._rooms: List[Room] = [Room(worker) for worker in workers if worker.free_slots]
        self._max_bytes = max_bytes

    def for_call(self, call: FrontCall) -> Optional[Room]:
        """Return the room with the most free slots of those that a call fits into, if any."""
        fitting = [room for room in self._rooms if room.fits(call, self._max_bytes)]
        return max(fitting, key=operator.attrgetter("free_slots"), default=None)

    def share(self, waiting: int, worker: Worker) -> int:
        """Return how many calls a slot of a worker gets, of so many that wait."""
        if not worker.stacks:  # in one slot they would only run one after the other
            return 1
        return math.ceil(waiting / sum(room.free_slots for room in self._rooms))

    def give(self, room: Room, calls: Sequence[FrontCall]) -> None:
        """Note that a room's worker gets a batch."""
        room.take(calls)
        if not room.free_slots:
            self._rooms.remove(room)
