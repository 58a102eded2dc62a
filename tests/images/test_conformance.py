import itertools
from typing import Any, NamedTuple

import pytest

from tests.conformance import (
    test_batching,
    test_cases,
    test_open_inference,
    test_recorded,
    test_state,
    test_tensorflow_serving,
    test_transports,
)
from tests.conformance.conftest import ALIKE, QUICKEST
from tests.conformance.setups import REST, Setup
from tests.images.conftest import ROWS
from tests.images.locked_down import locked_down
from tests.support.targets import OVER_EACH_TRANSPORT, TRANSPORTS


class Check(NamedTuple):
    """One test of the conformance suite, with the arguments of one of its runs."""

    function: Any
    arguments: dict

    @property
    def setup(self) -> Setup:
        """What it wants to be served."""
        return self.arguments["setup"]

    @property
    def transport(self) -> str:
        """What its calls are accepted by."""
        return TRANSPORTS[self.setup.target is OVER_EACH_TRANSPORT[1]]

    @property
    def is_wanted(self) -> bool:
        """Whether to run it: all on a server, and in a second container what tries transports.

        Beside the framework, which no transport knows, images differ by their grpcio.
        """
        # A container's HTTP port is not published here: that is for the tests of HTTP itself.
        is_rest = self.arguments.get("wire") in REST
        return self.setup.target in OVER_EACH_TRANSPORT and not self.setup.alone and not is_rest

    @property
    def is_nightly(self) -> bool:
        """Whether an image has little to do with it: no framework and no grpcio knows a setting."""
        has_settings = bool(self.setup.settings) and self.setup.framework != QUICKEST
        return has_settings or self.setup.model in ALIKE

    def __str__(self) -> str:
        others = (str(getattr(it, "title", it)) for it in list(self.arguments.values())[1:])
        parts = [self.function.__name__, self.transport, self.setup.model, *others]
        return "-".join(parts).replace("::", ":")


def checks(module):
    """Yield what a module of the suite runs on a server: what that does, an image must do too."""
    for name, function in vars(module).items():
        marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
        if name.startswith("test_") and marks:
            for arguments in _products([list(_choices(*mark.args[:2])) for mark in marks]):
                if Check(function, arguments).is_wanted:
                    yield Check(function, arguments)


def _choices(names, values):
    """Yield a parametrize mark's arguments by name."""
    several = not isinstance(names, str)
    for value in values:
        yield dict(zip(names, value)) if several else {names: value}


def _products(choices):
    """Yield each combination, the setup first."""
    for combined in itertools.product(*choices):
        arguments = {name: value for part in combined for name, value in part.items()}
        yield {"setup": arguments.pop("setup"), **arguments}


SUITE = (
    test_cases,
    test_tensorflow_serving,
    test_transports,
    test_batching,
    test_open_inference,
    test_recorded,
    test_state,
)
# Those of one setup in a row, so that they share its container.
CHECKS = sorted(
    (check for module in SUITE for check in checks(module)),
    key=lambda check: str(check.setup),
)


def fits(setup, row):
    """Whether a row's framework has the setup's model, and is not too old for it."""
    return setup.framework == row.runtime and setup.loads_on(row.version)


def pytest_generate_tests(metafunc):
    """Run the checks of each row's framework, in the order that lets them share containers."""
    runs = [
        pytest.param(row, check, id=f"{row.name}-{check}", marks=_marks(check))
        for row in ROWS
        for check in CHECKS
        if fits(check.setup, row)
    ]
    metafunc.parametrize(("row", "check"), runs)


def _marks(check):
    return [pytest.mark.nightly] if check.is_nightly else []


def test_conformance(row, image, serve, check):
    """An image without any rights answers as the suite says, like its server on its own."""
    setup = check.setup._replace(target=locked_down(image, check.transport))
    check.function(serve, **{**check.arguments, "setup": setup})
