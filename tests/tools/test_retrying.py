import time

import pytest

from tools.retrying import retrying


@pytest.fixture
def waits(monkeypatch):
    """The pauses that were made, in time that does not pass."""
    made = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def failing(*results):
    """Return an attempt that raises or returns one result after the other."""
    left = list(results)

    def attempt():
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return attempt


def test_what_passes_is_tried_again(waits):
    """Each failure is reported with the pause that follows, until an attempt succeeds."""
    first, second, reports = OSError("1"), OSError("2"), []
    attempt = failing(first, second, "done")
    assert retrying(attempt, (1, 4, 9), OSError, lambda *report: reports.append(report)) == "done"
    assert reports == [(first, 1), (second, 4)]
    assert waits == [1, 4]


def test_the_last_failure_is_raised(waits):
    """After the last pause nothing is caught: the caller sees why it failed."""
    with pytest.raises(OSError, match="3"):
        retrying(failing(*map(OSError, "123")), (1, 4), OSError, lambda *_: None)
    assert waits == [1, 4]


def test_what_does_not_pass_is_raised_at_once(waits):
    """A failure of another kind gets no better by waiting."""
    with pytest.raises(ValueError, match="no"):
        retrying(failing(ValueError("no")), (1, 4), OSError, lambda *_: None)
    assert waits == []
