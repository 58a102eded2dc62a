"""What a soak sends once, and how its answer is judged."""

import enum
from typing import Any, NamedTuple

from serving_runtime import operations
from tests.support.cases import OK, Wrong
from tests.support.wires.tensorflow_serving import wrong_in

PATIENCE_SECONDS = 60
WRONG = "wrong answer"  # what such problems begin with


class Kind(enum.StrEnum):
    """What a soak sends; how much of each is published."""

    GOLDEN = "golden requests"
    VALUES = "requests of every dtype and form"
    LARGE = "large payloads"
    METHODS = "calls of other methods"
    REFUSALS = "requests that must fail"
    DEADLINES = "deadlines"
    CANCELS = "cancels"
    CRASHES = "crashes of workers"


class Exchange(NamedTuple):
    """One call, and its only right answer; ``or_statuses`` are others that are right too.

    ``reply`` is a message, or None where the status, the beginning of the details (if they end
    with ``…``) or what they say is ``wrong`` are all; ``cancel_seconds`` is when the client gives
    it up.
    """

    kind: Kind
    request: bytes
    reply: Any = None
    status: str = OK
    details: str = ""
    wrong: tuple[Wrong, ...] = ()
    method: str = operations.PREDICT.grpc_method
    timeout_seconds: float = PATIENCE_SECONDS
    cancel_seconds: float | None = None
    or_statuses: tuple[str, ...] = ()

    def problem(self, status: str, details: str, payload: bytes) -> str:
        """Return what is wrong with an answer; empty if nothing is."""
        if status in self.or_statuses:
            return ""
        if status != self.status:
            return f"{status} instead of {self.status}: {details[:200]}"
        if self.details and not _is_told(self.details, details):
            return f"told {details[:200]!r} instead of {self.details!r}"
        if self.wrong and wrong_in(details) != self.wrong:
            return f"told {details[:200]!r} instead of {self.wrong!r}"
        if self.reply is not None and not _is_equal(payload, self.reply):
            return f"{WRONG} of {len(payload)} bytes"
        return ""


def _is_told(wanted: str, details: str) -> bool:
    if wanted.endswith("…"):
        return details.startswith(wanted[:-1])
    return details == wanted


def _is_equal(payload: bytes, wanted: Any) -> bool:
    """Compare to the last bit; only the order of a map, which protobuf leaves open, may differ."""
    message = type(wanted).FromString(payload)
    return bool(_bytes(message) == _bytes(wanted))


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))
