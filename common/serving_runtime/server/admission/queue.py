"""The bounded queue of calls that wait for a worker."""

from collections import OrderedDict
from typing import Callable, List, NamedTuple, Optional

from serving_runtime.errors import QueueFull, RequestTooLarge
from serving_runtime.server.admission.call import FrontCall

# Where less is waiting, nobody needs to look whether there is memory for it.
SMALL_BYTES = 1 << 20


class Bound(NamedTuple):
    """Most bytes, and what that follows from where it is not the setting itself."""

    most: int
    reason: str = ""

    @property
    def text(self) -> str:
        """Return both, for who is refused."""
        return f"{self.most}, {self.reason}" if self.reason else str(self.most)


class AdmissionQueue:
    """Calls in order of arrival, bounded in number and in bytes."""

    def __init__(self, max_calls: int, max_bytes: int, max_call_bytes: int) -> None:
        self._max_calls = max_calls
        self.bound(Bound(max_bytes), Bound(max_call_bytes))
        self._bytes = 0
        self._calls: OrderedDict[int, FrontCall] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def size_bytes(self) -> int:
        """How large all that wait are."""
        return self._bytes

    @property
    def oldest(self) -> FrontCall:
        """The call that is next; there must be one."""
        return next(iter(self._calls.values()))

    def bound(
        self,
        all_bytes: Bound,
        call_bytes: Bound,
        check_room: Optional[Callable[[], None]] = None,
    ) -> None:
        """Change the bounds for the calls to come.

        Args:
            all_bytes: of all that wait; one call always fits.
            call_bytes: of each.
            check_room: called before a call is queued where much is waiting then; raises
                LimitExceeded if there is no memory for it.
        """
        self._all_bytes, self._call_bytes = all_bytes, call_bytes
        # What is within this is within both; for most calls there is nothing more to look at.
        self._certain_bytes = min(all_bytes.most, call_bytes.most)
        if check_room is not None:
            self._certain_bytes = min(self._certain_bytes, SMALL_BYTES)
        self._check_room = check_room or _nothing

    def add(self, call: FrontCall) -> None:
        """Queue ``call``.

        Raises:
            QueueFull: as many calls or bytes as allowed wait already.
            RequestTooLarge: the call alone is too large.
            LimitExceeded: there is no memory for it.
        """
        if len(self._calls) >= self._max_calls:
            raise QueueFull(f"{self._max_calls} calls are waiting, as RUNTIME_MAX_QUEUE allows")
        if self._bytes + len(call.payload) > self._certain_bytes:
            self._check_bytes(len(call.payload))
        self._insert(call)

    def requeue_front(self, call: FrontCall) -> None:
        """Queue a call whose worker ended again, before all others and beyond the bounds."""
        self._insert(call)
        self._calls.move_to_end(call.number, last=False)

    def take(self, max_calls: int, max_bytes: int) -> List[FrontCall]:
        """Remove and return the calls to run next, together.

        A call that has seen a worker end is returned alone: if it was the cause, no other suffers.
        """
        taken: List[FrontCall] = []
        room = max_bytes
        while self._calls and len(taken) < max_calls:
            call = self.oldest
            room -= len(call.payload)
            if taken and (call.deaths or room < 0):
                break
            self._remove(call)
            taken.append(call)
            if call.deaths:
                break
        return taken

    def discard(self, call: FrontCall) -> None:
        """Remove a call that was answered otherwise (deadline, cancelled), if it waits."""
        if call.number in self._calls:
            self._remove(call)

    def everything(self) -> List[FrontCall]:
        """Return all calls that wait, without removing them."""
        return list(self._calls.values())

    def _check_bytes(self, size: int) -> None:
        self._check_room()
        if size > self._call_bytes.most:
            raise RequestTooLarge(
                f"the request has {size} bytes, more than RUNTIME_MAX_MESSAGE_BYTES "
                f"({self._call_bytes.text})"
            )
        if self._calls and self._bytes + size > self._all_bytes.most:
            raise QueueFull(
                f"{self._bytes} bytes of calls are waiting, and {size} more would exceed "
                f"RUNTIME_MAX_QUEUE_BYTES ({self._all_bytes.text})"
            )

    def _insert(self, call: FrontCall) -> None:
        self._calls[call.number] = call
        self._bytes += len(call.payload)

    def _remove(self, call: FrontCall) -> None:
        del self._calls[call.number]
        self._bytes -= len(call.payload)


def _nothing() -> None:
    pass
