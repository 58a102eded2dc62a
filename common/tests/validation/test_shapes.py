import pytest

from serving_runtime.validation.shapes import fits, hint, of_empty


@pytest.mark.parametrize(
    ("shape", "declared", "expected"),
    [
        ((2, 3), (-1, 3), True),
        ((0, 3), (-1, 3), True),
        ((2, 4), (-1, 3), False),
        ((3,), (-1, 3), False),
        ((), (), True),
        ((1,), (), False),
        ((5, 6, 7), None, True),
    ],
)
def test_fixed_sizes_must_match(shape, declared, expected):
    """Free sizes take anything, fixed ones themselves, and no shape at all takes every shape."""
    assert fits(shape, declared) is expected


@pytest.mark.parametrize(
    ("shape", "declared", "expected"),
    [
        ((224, 224, 3), (-1, 224, 224, 3), "add a leading axis"),
        ((), (-1,), "add a leading axis"),
        ((7,), (-1, 1), "add a trailing axis"),
        ((1,), (), "drop the leading axis"),
        ((1, 4), (4,), "drop the leading axis"),
        ((7, 1), (-1,), "drop the trailing axis"),
        ((4, 7), (-1, 4), "transpose"),
        ((2, 3, 8, 9), (-1, 8, 9, 3), "move the channels last"),
        ((8, 9, 3), (3, 8, 9), "move the channels first"),
        ((4, 7), (-1, 5), ""),
        ((2, 4), (4,), ""),
        ((3, 2, 8), (-1, 8, 9, 3), ""),
    ],
)
def test_a_hint_is_named_only_if_it_works(shape, declared, expected):
    """The hint is what makes the shape fit, and none if nothing simple does."""
    assert hint(shape, declared) == expected


@pytest.mark.parametrize(
    ("shape", "declared", "expected"),
    [
        ((0,), (-1,), (0,)),
        ((0,), (-1, 4), (0, 4)),
        ((0,), (2, -1), (2, 0)),
        ((0,), (-1, -1, 3), (0, 0, 3)),
        ((2, 0), (-1, -1, 3), (2, 0, 3)),
        ((1, 0), (-1, 4), (0, 4)),
        ((0, 5), (-1,), (0,)),
        ((3, 0), (-1, -1), (3, 0)),
        ((0, 7), None, (0, 7)),
        ((0, 5), (-1, 4), None),
        ((0,), (4,), None),
        ((0,), (), None),
        ((0, 4), (0, 4), (0, 4)),
    ],
)
def test_an_empty_array_is_given_axes_where_one_is_free(shape, declared, expected):
    """Columns that are there and others than declared are no accident."""
    assert of_empty(shape, declared) == expected
