import contextlib

import pytest

from tests.conformance.setups import Setup, installed


class Stage:
    """Has one model served at a time; tests that want the same one in a row share it."""

    def __init__(self):
        self._running = contextlib.ExitStack()
        self._setup = None
        self._service = None

    def serve(self, setup: Setup, fresh: bool = False):
        """Return the service, started unless it is the one that runs.

        Args:
            setup: what to serve.
            fresh: start it anyway; a stateful model's state then begins.
        """
        if fresh or setup != self._setup:
            self.clear()
            self._service = self._running.enter_context(setup.start())
            self._setup = setup
        return self._service

    def clear(self):
        """Stop what runs."""
        self._setup = None
        self._running.close()


@pytest.fixture(scope="session")
def _stage():
    stage = Stage()
    yield stage
    stage.clear()


@pytest.fixture
def serve(_stage):
    """Start what a setup says, or take it over from the test before."""
    return _stage.serve


def pytest_collection_modifyitems(config, items):
    """Leave out frameworks that are not here, and run tests of one setup in a row."""
    absent = [item for item in items if _framework(item) not in ("", *installed())]
    config.hook.pytest_deselected(items=absent)
    items[:] = [item for item in items if item not in absent]
    here = [index for index, item in enumerate(items) if _setup(item)]
    ordered = sorted((items[index] for index in here), key=_setup)
    for index, item in zip(here, ordered):
        items[index] = item


def _framework(item):
    return _parameter(item).framework if _parameter(item) else ""


def _setup(item):
    return str(_parameter(item) or "")


def _parameter(item):
    callspec = getattr(item, "callspec", None)
    setup = callspec.params.get("setup") if callspec else None
    return setup if isinstance(setup, Setup) else None
