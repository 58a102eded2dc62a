"""Remember the requests that end workers, so that one that is sent again burns no more of them."""

import hashlib
import time
from collections import OrderedDict
from typing import NamedTuple, Optional

from serving_runtime.errors import PoisonRequest
from serving_runtime.server.admission.call import FrontCall

# How many are remembered; beyond that the oldest is forgotten.
MAX_REMEMBERED = 256


class Fingerprint(NamedTuple):
    """What only the same method with the same bytes has, but for the length, which is cheap."""

    length: int
    digest: bytes


class Quarantine:
    """Fingerprints of requests that have ended workers, each for a while.

    Args:
        seconds: how long a request is refused; 0: it never is.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Until when, in seconds on the monotonic clock; the oldest is the first.
        self._until: OrderedDict[Fingerprint, float] = OrderedDict()

    def note(self, call: FrontCall) -> None:
        """Refuse the same request from now on, for as long as the setting says."""
        fingerprint = _fingerprint(call)
        self._until[fingerprint] = time.monotonic() + self._seconds
        self._until.move_to_end(fingerprint)
        if len(self._until) > MAX_REMEMBERED:
            self._until.popitem(last=False)

    def refusal(self, call: FrontCall) -> Optional[PoisonRequest]:
        """Return why a call is not run; None for all but a remembered one.

        Only a payload as long as a remembered one is hashed.
        """
        if not self._until:
            return None
        now = time.monotonic()
        self._forget(now)
        if all(len(call.payload) != known.length for known in self._until):
            return None
        left = self._until.get(_fingerprint(call), now) - now
        if not left:
            return None
        return PoisonRequest(
            "this very request has ended worker processes: it is refused for another "
            f"{left:.0f} s (RUNTIME_POISON_TTL)"
        )

    def _forget(self, now: float) -> None:
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)


def _fingerprint(call: FrontCall) -> Fingerprint:
    hashed = hashlib.blake2b(call.payload, digest_size=16)
    hashed.update(call.operation.key.encode())
    return Fingerprint(len(call.payload), hashed.digest())
