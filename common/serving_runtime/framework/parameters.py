"""Compare a function's parameters with the inputs that it will be called with, by name."""

from typing import List, Sequence

from serving_runtime.errors import nearest


def differences(
    inputs: Sequence[str], named: Sequence[str], required: Sequence[str], takes_all: bool = False
) -> List[str]:
    """List the inputs that no parameter takes, and the parameters that no input fills.

    Args:
        inputs: names in the contract.
        named: parameters that can be given by name.
        required: parameters without a default, also those that cannot be given by name.
        takes_all: whether the function takes any other name too (``**inputs``).
    """
    unknown = [
        f'no parameter takes the input "{name}"{nearest(name, tuple(named))}'
        for name in inputs
        if name not in named and not takes_all
    ]
    unfilled = [
        f'no input fills the parameter "{name}"'
        for name in required
        if name not in inputs or name not in named
    ]
    return unknown + unfilled
