import pytest

from tests.planted.faults import FAULTS, ROOT, Fault, NoPlaceError, planted
from tools import environments


@pytest.mark.parametrize("part", FAULTS)
def test_a_fault_can_be_planted(part):
    """The source still has what it replaces, just once, and the tests that must catch it."""
    fault = FAULTS[part]
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert planted(fault, text) != text
    assert [path for path in fault.tests if not (ROOT / path).exists()] == []
    assert fault.environment in environments.descriptions()


def test_each_loader_has_a_fault():
    """A framework that joins brings one of its own, in a file of its folder."""
    loaders = [path.parent.parent for path in ROOT.glob("runtimes/*/*_runtime/loader.py")]
    assert loaders
    for folder in loaders:
        fault = FAULTS[f"loader-{folder.name}"]
        assert (ROOT / fault.file).is_relative_to(folder)


@pytest.mark.parametrize("text", ["nothing of it", "a = 1\na = 1\n"])
def test_a_place_that_is_not_clear_is_refused(text):
    """The source has changed: the fault must be written anew."""
    fault = Fault("one", "some.py", "a = 1", "a = 2", ())
    with pytest.raises(NoPlaceError, match="expected once in some.py"):
        planted(fault, text)
