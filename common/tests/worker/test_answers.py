import pytest

from serving_runtime.errors import (
    BrokenResult,
    DeadlinePassed,
    InvalidInput,
    LimitExceeded,
    ModelFailed,
    NotAvailable,
    Status,
)
from serving_runtime.worker.answers import Answer, answer_for


class Unspeakable(Exception):
    """What user code may raise at its worst."""

    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput, Status.INVALID_ARGUMENT),
        (LimitExceeded, Status.RESOURCE_EXHAUSTED),
        (DeadlinePassed, Status.DEADLINE_EXCEEDED),
        (NotAvailable, Status.UNAVAILABLE),
        (BrokenResult, Status.OUT_OF_RANGE),
    ],
)
@pytest.mark.parametrize("detail", [True, False])
def test_our_errors_tell_their_text_with_their_status(error, status, detail):
    """What the service itself has to say is told in full, whatever RUNTIME_ERROR_DETAIL is."""
    assert answer_for(error("why"), detail) == Answer(status, "why", error.reason)


@pytest.mark.parametrize(
    "error", [ValueError("bad row"), SystemExit(3), KeyboardInterrupt(), KeyError("x")]
)
def test_what_the_model_raised_is_told_as_its_repr(error):
    """Hydrosphere's clients compare the details with the exception's repr."""
    assert answer_for(error) == Answer(Status.INTERNAL, repr(error), "model_failed")


@pytest.mark.parametrize("error", [ValueError("secret"), ModelFailed("secret")])
def test_what_the_model_raised_can_be_hidden(error):
    """With RUNTIME_ERROR_DETAIL=none nothing of the model's failure reaches the client."""
    status, details, reason = answer_for(error, detail=False)
    assert (status, reason) == (Status.INTERNAL, "model_failed")
    assert "secret" not in details
    assert "ValueError" not in details


def test_failed_model_is_told_by_its_text():
    """A ModelFailed is our own sentence, not something to show the repr of."""
    assert answer_for(ModelFailed("it died")) == Answer(Status.INTERNAL, "it died", "model_failed")


def test_exception_whose_repr_raises_is_told_by_its_type():
    """A broken __repr__ of the user's must not take the worker down."""
    assert answer_for(Unspeakable()).details == "Unspeakable"
