import pytest

from serving_runtime.protocols.protobuf.recent_layouts import (
    ALIGNMENT,
    Laid,
    RecentLayouts,
    fixed_around,
)
from serving_runtime.protocols.protobuf.scanning import Unusual


class Finder:
    """Finds a value of two bytes behind the first one, and counts how often it had to look."""

    def __init__(self, may_repeat=True):
        self.looks = 0
        self._may_repeat = may_repeat

    def __call__(self, view):
        """Return the layout of a payload."""
        self.looks += 1
        if view[0] == 0:
            raise Unusual
        return Laid(fixed_around(view, [(1, 3)]), (1, 3), self._may_repeat)


def test_payloads_that_differ_in_their_values_are_looked_at_once():
    """Those that differ elsewhere, or in their lengths, are looked at again."""
    find = Finder()
    recent = RecentLayouts(find)
    for payload in (b"axxb", b"ayyb", b"azzb"):
        assert recent.of(memoryview(payload)).fixed == ((0, 1, b"a"), (3, 4, b"b"))
    assert find.looks == 1
    recent.of(memoryview(b"cxxb"))
    recent.of(memoryview(b"axxbb"))
    assert find.looks == 3


def test_what_may_not_repeat_and_what_is_unusual_is_looked_at_each_time():
    """Nothing of them is remembered."""
    find = Finder(may_repeat=False)
    recent = RecentLayouts(find)
    for payload in (b"axxb", b"axxb", b"\0xxb", b"\0xxb"):
        assert (recent.of(memoryview(payload)) is None) == (payload[0] == 0)
    assert find.looks == 4


def test_the_largest_value_is_to_be_aligned():
    """As it was in the last payload of that length; of others nothing is known."""
    recent = RecentLayouts(Finder())
    recent.of(memoryview(b"axxb"))
    assert recent.alignment_offset(4) == ALIGNMENT - 1
    assert recent.alignment_offset(5) == 0


@pytest.mark.parametrize("max_bytes", [0, 300, 3000])
def test_what_is_remembered_is_bounded(max_bytes):
    """All is forgotten when one more does not fit."""
    find = Finder()
    recent = RecentLayouts(find, max_bytes)
    for length in range(4, 100):
        recent.of(memoryview(b"a" * length))
    kept = sum(len(layouts) for layouts in recent._by_length.values())
    assert kept <= max_bytes // 256
    large = b"a" * 4000
    assert recent.of(memoryview(large)).largest == (1, 3)
