import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.ipc import attributes

TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)


@given(st.dictionaries(TEXTS, TEXTS, max_size=5))
def test_attributes_round_trip(wanted):
    """Names and values in any language, and none at all."""
    assert attributes.unpack(attributes.pack(wanted)) == wanted


def test_attributes_of_a_call_round_trip():
    """The names that are allowed."""
    wanted = {attributes.CONTENT_TYPE: "application/json"}
    assert attributes.unpack(attributes.pack_of_call(wanted)) == wanted


@given(st.binary(max_size=20))
def test_other_bytes_are_an_error_or_attributes(packed):
    """Whatever the bytes are, nothing but the one error comes of it."""
    with contextlib.suppress(ValueError):
        assert isinstance(attributes.unpack(packed), dict)


@pytest.mark.parametrize("kept", [1, 3, 6, 9])
def test_half_an_attribute_is_an_error(kept):
    """Its end is missing, wherever it was cut."""
    with pytest.raises(ValueError, match="end within one"):
        attributes.unpack(attributes.pack({"name": "value"})[:kept])


def test_value_that_utf8_cannot_encode_is_packed_nonetheless():
    """A reply always gets out: the caller would wait for its deadline otherwise."""
    assert attributes.unpack(attributes.pack({"name": "\udcff"})) == {"name": "?"}
