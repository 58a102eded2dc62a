import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.validation import bfloat16


def test_every_bit_pattern_survives_the_way_there_and_back():
    """All 65,536 patterns widen and narrow to themselves; NaNs may only become quiet."""
    bits = np.arange(2**16, dtype=np.uint16)
    values = bfloat16.from_bits(bits)
    expected = np.where(np.isnan(values), bits | np.uint16(0x40), bits)
    np.testing.assert_array_equal(bfloat16.to_bits(values), expected)


def test_ties_go_to_the_even_neighbour():
    """Halfway between two neighbours, the one with an even last bit is taken."""
    halfway = np.array([0x3F808000, 0x3F818000], np.uint32).view(np.float32)
    np.testing.assert_array_equal(bfloat16.to_bits(halfway), [0x3F80, 0x3F82])


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_rounding_takes_the_nearest(value):
    """No neighbour of the result is nearer to the value."""
    single = np.float32(value)
    bits = bfloat16.to_bits(np.array(single))
    near = bfloat16.from_bits(bits).astype(np.float64)
    if np.isinf(near):
        assert abs(float(single)) >= float(bfloat16.from_bits(np.array(0x7F7F, np.uint16)))
        return
    for step in (-1, 1):
        other = np.array((int(bits) + step) % 2**16, np.uint16)
        if not np.isfinite(bfloat16.from_bits(other)):
            continue
        distance = abs(float(bfloat16.from_bits(other)) - float(single))
        assert distance >= abs(float(near) - float(single))


def test_shapes_stay():
    """A scalar stays a scalar, an empty array empty."""
    assert bfloat16.to_bits(np.float32(1.5).reshape(())).shape == ()
    assert bfloat16.to_bits(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert bfloat16.from_bits(np.zeros((2, 0), np.uint16)).shape == (2, 0)


def test_beyond_the_range_is_infinity():
    """The largest float32 rounds to infinity, with its sign."""
    largest = np.finfo(np.float32).max
    np.testing.assert_array_equal(
        bfloat16.to_bits(np.array([largest, -largest], np.float32)), [0x7F80, 0xFF80]
    )
