"""Runs each test here for the rows that $IMAGE_ROWS names, such as `python/3.6,python/3.13`.

Their images must be there: `make image/python/3.13` builds one first, and then comes here.
"""

import collections
import json
import os
from pathlib import Path

import pytest

from tests.images.containers import Container
from tests.support.stage import Stage
from tools.images import models
from tools.rows import load

NAMES = [name for name in os.environ.get("IMAGE_ROWS", "").split(",") if name]
RESULTS = os.environ.get("IMAGE_RESULTS", "")
# Whether to run the tests that are of no row; of several runs side by side one does.
HAS_ROWLESS = bool(os.environ.get("IMAGE_ROWLESS", "1"))

# Without an image there is nothing to test, and nothing to say about it.
collect_ignore_glob = [] if NAMES else ["test_*.py"]


MATRIX = load()
ROWS = [MATRIX.row(*name.split("/")) for name in NAMES]


def pytest_generate_tests(metafunc):
    """Run everything once for each row; what depends on the row chooses for itself."""
    if "row" in metafunc.fixturenames and not hasattr(metafunc.module, "pytest_generate_tests"):
        metafunc.parametrize("row", ROWS, ids=lambda row: row.name, scope="session")


@pytest.fixture
def image(row):
    """The image of the row, which is tested before it gets the names that users know."""
    return row.candidate


@pytest.fixture
def model(row):
    """A small model of the row's framework."""
    return models.model_of(row, MATRIX.root)


@pytest.fixture
def contract(row, model):
    """The model's contract, from its files if it has no other."""
    return models.contract_of(row, model)


@pytest.fixture
def sample(row, model):
    """A request that the model answers."""
    return models.request_for(row, model)


@pytest.fixture
def run(image):
    """Run the image in the background, with options of `docker run`; ends with the test."""
    containers = []

    def start(*options, image=image):
        containers.append(Container(image, *options))
        return containers[-1]

    yield start
    for container in containers:
        container.remove()


@pytest.fixture(scope="session")
def _stage():
    stage = Stage()
    yield stage
    stage.clear()


@pytest.fixture
def serve(_stage):
    """Start what a setup says, or take it over from the test before."""
    return _stage.serve


_results: dict = collections.defaultdict(lambda: {"passed": 0, "failures": []})


def pytest_collection_modifyitems(items):
    """Record each test's row for reports; what has none counts for the first, so it is noticed."""
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    rows = [getattr(item, "callspec", None) and item.callspec.params.get("row") for item in here]
    for item, row in zip(here, rows, strict=True):
        item.user_properties.append(("row", row.name if row else NAMES[0]))
        if not row and not HAS_ROWLESS:
            items.remove(item)


def pytest_runtest_logreport(report):
    """Keep results by row, for the summary of `tools.images`."""
    name = dict(report.user_properties).get("row")
    if name and report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = crash.message if crash else report.longreprtext
        _results[name]["failures"].append(f"{report.nodeid}: {why}")
    elif name and report.when == "call" and report.passed:
        _results[name]["passed"] += 1


def pytest_sessionfinish():
    """Hand the results over."""
    if RESULTS:
        Path(RESULTS).write_text(json.dumps(_results))
