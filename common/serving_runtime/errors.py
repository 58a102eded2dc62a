"""Say what went wrong: exceptions that carry the gRPC status their caller will see."""

import enum
import re
from typing import NamedTuple, Tuple

DETAIL_BYTES = 1024
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Status(enum.IntEnum):
    """gRPC status codes, by the numbers that travel on the wire.

    Plain integers, since workers never import grpc.

    See: https://grpc.io/docs/guides/status-codes/
    """

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class ServingError(Exception):
    """A call failed; ``status`` and the text are what the client sees.

    ``reason`` says why in one word of the field: transports have one table from reason to their
    own status, since one of gRPC's can be several of HTTP's.
    """

    status = Status.INTERNAL
    reason = "internal"


class InvalidInput(ServingError):
    """The request is at fault: undecodable, against the contract, or of impossible values."""

    status = Status.INVALID_ARGUMENT
    reason = "invalid_input"


class LimitExceeded(ServingError):
    """A size, queue or byte budget is used up; the text names the setting that raises it."""

    status = Status.RESOURCE_EXHAUSTED
    reason = "limit_exceeded"


class QueueFull(LimitExceeded):
    """As many calls, or bytes of calls, wait as may."""

    reason = "queue_full"


class DeadlineUnreachable(LimitExceeded):
    """The calls ahead take longer than this one has: it is shed instead of left to wait."""

    reason = "deadline_unreachable"


class RequestOverBudget(LimitExceeded):
    """What a request would be read into exceeds its budget."""

    reason = "request_over_budget"


class ReplyTooLarge(LimitExceeded):
    """The model answered with more bytes than a message may have."""

    reason = "reply_too_large"


class DeadlinePassed(ServingError):
    """The caller's deadline passed, waiting or running."""

    status = Status.DEADLINE_EXCEEDED
    reason = "deadline_passed"


class NotAvailable(ServingError):
    """The service is loading, draining, or has no worker; another try may succeed."""

    status = Status.UNAVAILABLE
    reason = "not_available"


class NotAuthenticated(ServingError):
    """The caller did not show who it is, or is nobody whom the service knows."""

    status = Status.UNAUTHENTICATED
    reason = "not_authenticated"


class ModelFailed(ServingError):
    """The model raised, or its process died."""

    status = Status.INTERNAL
    reason = "model_failed"


class PoisonRequest(ModelFailed):
    """The very same request has ended workers before, and is not run for a while."""

    reason = "poison_request"


class BrokenResult(ServingError):
    """The model's result breaks the model's own contract."""

    status = Status.OUT_OF_RANGE
    reason = "broken_result"


class StartError(Exception):
    """Something stops the start; the text says what was found and what was expected.

    Args:
        problem: one sentence on what was found and what was expected.
        fix: what to do about it, or empty.
    """

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.problem}\n  fix: {self.fix}" if self.fix else self.problem


class LoadError(StartError):
    """The model directory, its contract or its code cannot be served."""


class SettingError(StartError):
    """A setting has a value that cannot be read."""


class Answer(NamedTuple):
    """What a failed call tells its client: a status and one line."""

    status: Status
    details: str


def answer_for(error: BaseException, detail: bool = True) -> Answer:
    """Turn any exception of a call into its status and one line of details.

    Args:
        error: what was raised; anything but a ServingError is the model's failure, told as its
            ``repr``, which is what Hydrosphere's clients compare.
        detail: False hides what the model raised (``RUNTIME_ERROR_DETAIL=none``).
    """
    if isinstance(error, ServingError) and not isinstance(error, ModelFailed):
        return Answer(error.status, one_line(str(error)))
    if not detail:
        return Answer(Status.INTERNAL, "the model failed; the log has the reason")
    return Answer(Status.INTERNAL, one_line(_told(error)))


def one_line(text: str, limit_bytes: int = DETAIL_BYTES) -> str:
    """Fold ``text`` to one line of at most ``limit_bytes`` of UTF-8.

    gRPC carries details in a header, and clients refuse a long one: a message of 100 KB would
    reach them as RESOURCE_EXHAUSTED. What would steer a terminal goes too.
    """
    folded = _CONTROL.sub(" ", text)
    encoded = folded.encode("utf-8", "backslashreplace")
    if len(encoded) <= limit_bytes:
        return encoded.decode("utf-8")
    return encoded[: limit_bytes - 3].decode("utf-8", "ignore") + "..."


def _told(error: BaseException) -> str:
    if isinstance(error, ModelFailed):
        return str(error)
    try:
        return repr(error)
    except BaseException:  # noqa: BLE001  user code's __repr__ may raise anything
        return type(error).__name__


def nearest(name: str, names: Tuple[str, ...]) -> str:
    """Return ``: did you mean "x"?`` for the name most like ``name``, or an empty string."""
    import difflib  # costs 5 ms of start-up, and only mistakes need it

    # A client's name may have a hundred million letters, and difflib indexes each.
    found = difflib.get_close_matches(name[:100], names, n=1)
    return f': did you mean "{found[0]}"?' if found else ""
