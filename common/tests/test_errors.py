import pytest

from serving_runtime import errors
from serving_runtime.errors import (
    LoadError,
    SettingError,
    StartError,
    Status,
    nearest,
    one_line,
)


def test_statuses_have_the_numbers_of_grpc():
    """Workers never import grpc, so its numbers are written down; they must be the same."""
    import grpc

    numbers = {code.name: code.value[0] for code in grpc.StatusCode}
    assert {status.name: int(status) for status in Status}.items() <= numbers.items()


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
