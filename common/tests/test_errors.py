import pytest

from serving_runtime import errors
from serving_runtime.errors import (
    Answer,
    BrokenResult,
    DeadlinePassed,
    InvalidInput,
    LimitExceeded,
    LoadError,
    ModelFailed,
    NotAvailable,
    SettingError,
    StartError,
    Status,
    answer_for,
    nearest,
    one_line,
)


class Unspeakable(Exception):
    """What user code may raise at its worst."""

    def __repr__(self):
        raise RuntimeError("no repr")


def test_statuses_have_the_numbers_of_grpc():
    """Workers never import grpc, so its numbers are written down; they must be the same."""
    import grpc

    numbers = {code.name: code.value[0] for code in grpc.StatusCode}
    assert {status.name: int(status) for status in Status}.items() <= numbers.items()


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


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\x1bb", "a\u2028b", "a\x85b"])
def test_details_are_one_line(text):
    """A header cannot carry line breaks or NULs, and nothing may steer the caller's terminal."""
    assert one_line(text) == "a b"


def test_details_that_fit_are_not_cut():
    """Exactly the limit is still whole; one byte more is cut, and shows it."""
    assert one_line("x" * 1024) == "x" * 1024
    assert one_line("x" * 1025) == "x" * 1021 + "..."


def test_details_are_cut_between_characters():
    """The limit is in bytes of UTF-8, and no character is torn."""
    cut = one_line("\N{EURO SIGN}" * 1000)
    assert len(cut.encode()) <= 1024
    assert set(cut) == {"\N{EURO SIGN}", "."}


def test_details_survive_lone_surrogates():
    """Text that UTF-8 cannot encode (undecodable file names) is escaped, not an error."""
    assert one_line("a\udcffb") == "a\\udcffb"


@pytest.mark.parametrize("error", [StartError, LoadError, SettingError])
def test_start_error_shows_its_fix_on_a_line_of_its_own(error):
    """The command line prints str(error) as it is."""
    assert str(error("found this", "do that")) == "found this\n  fix: do that"
    assert str(error("found this")) == "found this"


def test_nearest_suggests_only_what_is_alike():
    """A suggestion that is far off would mislead."""
    assert nearest("predcit", ("predict", "explain")) == ': did you mean "predict"?'
    assert nearest("zzz", ("predict", "explain")) == ""
    assert nearest("zzz", ()) == ""


def test_limit_is_the_one_that_is_documented():
    """Clients may rely on details of at most 1 KiB."""
    assert errors.DETAIL_BYTES == 1024
