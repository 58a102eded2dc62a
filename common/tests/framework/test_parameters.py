"""Parameters against inputs: what is left over on either side is told by name."""

import pytest

from serving_runtime.framework.parameters import differences


@pytest.mark.parametrize(
    ("inputs", "named", "required", "takes_all"),
    [
        ("x", "x", "x", False),
        ("x", "x limit", "x", False),
        ("x y", "x", "x", True),
        ("", "", "", False),
    ],
)
def test_what_fits_has_no_differences(inputs, named, required, takes_all):
    """Defaults may be left out, and a function that takes all names takes any."""
    assert differences(inputs.split(), named.split(), required.split(), takes_all) == []


def test_both_sides_are_told_with_the_nearest_name():
    """A misspelt input is one that nothing takes, beside a parameter that nothing fills."""
    assert differences(["features"], ["featurs", "limit"], ["featurs"]) == [
        'no parameter takes the input "features": did you mean "featurs"?',
        'no input fills the parameter "featurs"',
    ]


def test_a_parameter_that_has_no_name_for_callers_is_never_filled():
    """What is positional only cannot be given by name, even by an input that is named like it."""
    assert 'no input fills the parameter "x"' in differences(["x"], [], ["x"], takes_all=True)
