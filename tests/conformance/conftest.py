"""Chooses what runs here, and lets tests of one setup share what it serves.

``pytest tests/conformance`` runs every case in process over each wire of gRPC. Over REST, and
served, it runs those of one model of each kind, for each framework that is installed; ``-m
nightly`` runs the others.
"""

import itertools

import pytest

from tests.conformance.setups import REST, Setup, installed
from tests.support.stage import Stage
from tests.support.targets import IN_PROCESS, TARGETS

# What a served case can show that one in process cannot is the same for every model, but for those
# whose answers or failures cross processes in forms of their own.
SERVED = ("identity", "failures")
EVERY_SERVED = ("test_case", "test_exchange")
DEBUGGING = TARGETS[-1]  # a worker in the server's own process: one model shows that it is one
BATCHED = "rows"
# What no framework can change is tried with the one whose servers start soonest.
QUICKEST = "python"
# The same codecs read JSON whatever the model is.
OF_REST = "tests.conformance.test_tensorflow_serving_rest"
OF_ANY = ("tests.conformance.test_transports",)
ALIKE = ("sequence_named",)  # to a server it is what ``sequence`` is


@pytest.fixture(scope="session")
def _stage(request):
    items = [item for item in request.session.items if "serve" in item.fixturenames]
    wanted = [_setup(item) for item in items if _setup(item)]
    # One of xdist's processes does not know which of them will be its own.
    is_whole = not hasattr(request.config, "workerinput")
    stage = Stage([setup for setup, _ in itertools.groupby(wanted)] if is_whole else [])
    yield stage
    stage.clear()


@pytest.fixture
def serve(_stage):
    """Start what a setup says, or take it over from the test before."""
    return _stage.serve


def pytest_configure(config):
    """Make the marker known."""
    config.addinivalue_line("markers", "nightly: runs only where -m names it")


def pytest_collection_modifyitems(config, items):
    """Leave out what is not of this run, and run tests of one setup in a row."""
    here = [item for item in items if _setup(item)]
    for item in here:
        if _is_nightly(item):
            item.add_marker(pytest.mark.nightly)
        if config.pluginmanager.hasplugin("xdist"):  # one of its processes serves a setup
            item.add_marker(pytest.mark.xdist_group(str(_setup(item))))
    absent = {id(item) for item in here if not _is_wanted(item, config.option.markexpr)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in absent])
    items[:] = [item for item in items if id(item) not in absent]
    places = [index for index, item in enumerate(items) if _setup(item)]
    ordered = sorted((items[index] for index in places), key=lambda item: str(_setup(item)))
    for index, item in zip(places, ordered):
        items[index] = item


def _is_wanted(item, markexpr):
    is_installed = _setup(item).framework in installed()
    return is_installed and (bool(markexpr) or not item.get_closest_marker("nightly"))


def _is_nightly(item):
    setup = _setup(item)
    if setup.target is IN_PROCESS:
        return _is_of_rest(item) and setup.model not in SERVED
    if setup.alone:
        return True
    if item.originalname in EVERY_SERVED:
        return setup.model not in SERVED or bool(setup.settings)
    if setup.target is DEBUGGING and setup.model != BATCHED:
        return True
    is_of_any = setup.target is DEBUGGING or setup.settings or item.module.__name__ in OF_ANY
    return setup.model in ALIKE or (bool(is_of_any) and setup.framework != QUICKEST)


def _is_of_rest(item):
    return item.callspec.params.get("wire") in REST or item.module.__name__ == OF_REST


def _setup(item):
    callspec = getattr(item, "callspec", None)
    setup = callspec.params.get("setup") if callspec else None
    return setup if isinstance(setup, Setup) else None
