"""Turn what was raised in a call, by us or by the model, into what its client sees."""

from typing import Callable, NamedTuple

from serving_runtime.errors import ModelFailed, ServingError, Status, one_line


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


def _text_of(error: BaseException) -> str:
    if isinstance(error, ModelFailed):
        return str(error)
    try:
        return repr(error)
    except BaseException:  # noqa: BLE001  user code's __repr__ may raise anything
        return type(error).__name__
