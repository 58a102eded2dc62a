"""Exceptions that carry the gRPC status, the reason and the problems that their caller will see."""

import enum
import re
from typing import Callable, NamedTuple, Sequence, Tuple

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


class ProblemKind(enum.Enum):
    """What can be wrong with one part of a request or a result."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    UNREADABLE = "unreadable"
    DTYPE = "dtype"  # of a kind that is not cast; the shape may be wrong as well
    SHAPE = "shape"
    CAST = "cast"  # a value is lost by the cast
    ROWS = "rows"  # as many rows as another input has not
    NO_SIGNATURE = "no_signature"
    UNKNOWN_SIGNATURE = "unknown_signature"
    UNKNOWN_OUTPUT = "unknown_output"
    DUPLICATE_OUTPUT = "duplicate_output"


class Problem(NamedTuple):
    """One thing that is wrong, as data: each protocol has its own words for it.

    ``name`` is the input's, output's or signature's, a path where maps are nested; a client's may
    be long. ``reason``: why it cannot be read or cast. ``hint``: what mends it, or the name that
    was meant. ``others``: the names that there are, or the input with which this one disagrees.
    """

    kind: ProblemKind
    name: str
    expected: str = ""
    got: str = ""
    reason: str = ""
    hint: str = ""
    others: Tuple[str, ...] = ()


class ServingError(Exception):
    """A call failed; ``status`` and the text are what the client sees.

    ``reason``: why, in one word of the field; each transport has one table from it to its own
    status, since one of gRPC's can be several of HTTP's. ``problems``: what the text says, as data.
    """

    status = Status.INTERNAL
    reason = "internal"
    problems: Tuple[Problem, ...] = ()

    def __init__(self, *arguments: object, problems: Sequence[Problem] = ()) -> None:
        super().__init__(*arguments)
        self.problems = tuple(problems)


class InvalidInput(ServingError):
    """The request is at fault: undecodable, against the contract, or of impossible values."""

    status = Status.INVALID_ARGUMENT
    reason = "invalid_input"


class ModelNotFound(ServingError):
    """The request is for a model, or a version of it, that is not served here."""

    status = Status.NOT_FOUND
    reason = "model_not_found"


class LimitExceeded(ServingError):
    """A size, queue or byte budget is used up; the text names the setting that raises it."""

    status = Status.RESOURCE_EXHAUSTED
    reason = "limit_exceeded"


class QueueFull(LimitExceeded):
    """As many calls, or bytes of calls, wait as may."""

    reason = "queue_full"


class RequestTooLarge(LimitExceeded):
    """More bytes than a request may have, or than there is memory for."""

    reason = "request_too_large"


class MemoryExhausted(LimitExceeded):
    """The front has no memory for more requests, until some that it has are answered."""

    reason = "memory_exhausted"


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
    """The caller did not show who it is, or is unknown to the service."""

    status = Status.UNAUTHENTICATED
    reason = "not_authenticated"


class Unimplemented(ServingError):
    """What is asked for exists, but not in this protocol or this service; the text says where."""

    status = Status.UNIMPLEMENTED
    reason = "unimplemented"


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
    """What a failed call brings its client: a status, one line, and the reason in one word."""

    status: Status
    details: str
    reason: str


def answer_for(
    error: BaseException, detail: bool = True, word: Callable[[ServingError], str] = str
) -> Answer:
    """Turn any exception of a call into its status, one line of details and its reason.

    Args:
        error: what was raised; anything but a ServingError is the model's failure, shown as its
            ``repr``, which is what Hydrosphere's clients compare.
        detail: False hides what the model raised (``RUNTIME_ERROR_DETAIL=none``).
        word: writes an error's text as the protocol's clients know it.
    """
    if isinstance(error, ServingError) and not isinstance(error, ModelFailed):
        return Answer(error.status, one_line(word(error)), error.reason)
    reason = error.reason if isinstance(error, ModelFailed) else ModelFailed.reason
    text = _text_of(error) if detail else "the model failed; the log has the reason"
    return Answer(Status.INTERNAL, one_line(text), reason)


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


def _text_of(error: BaseException) -> str:
    if isinstance(error, ModelFailed):
        return str(error)
    try:
        return repr(error)
    except BaseException:  # noqa: BLE001  user code's __repr__ may raise anything
        return type(error).__name__


def nearest(name: str, names: Tuple[str, ...]) -> str:
    """Return ``: did you mean "x"?`` for the name most like ``name``, or an empty string."""
    return suggestion(nearest_name(name, names))


def nearest_name(name: str, names: Tuple[str, ...]) -> str:
    """Return the name most like ``name``, or an empty string if none is like it."""
    import difflib  # costs 5 ms of start-up, and only mistakes need it

    # A client's name may have a hundred million letters, and difflib indexes each.
    found = difflib.get_close_matches(name[:100], names, n=1)
    return found[0] if found else ""


def suggestion(name: str) -> str:
    """Return ``: did you mean "x"?`` for a name, or an empty string for none."""
    return f': did you mean "{name}"?' if name else ""
