"""What once went wrong stays right."""

import pytest

from tests.fuzz import regressions, replay
from tests.fuzz.corpus import Case
from tests.fuzz.service import Service


@pytest.mark.parametrize("path", regressions.files(), ids=lambda path: path.stem)
def test_regression(path):
    """Cases that failed are answered as they should be."""
    assert replay.problem(Service(), regressions.load(path)) == ""


def test_files_keep_cases(tmp_path):
    """A file gives back what was saved, and is named after what was wrong."""
    cases = [Case("/a.S/M", b"\0\xff"), Case("/a.S/M", b"")]
    path = regressions.save("Status UNKNOWN, twice", cases, tmp_path)
    assert path.name.startswith("status-unknown-twice-")
    assert regressions.load(path) == cases
