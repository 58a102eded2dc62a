"""A framework is one folder and one block of the matrix: everything else finds it by itself."""

import json
import re

import pytest

from tests.support.newcomer import FOLDER, MODEL, NAME, VERSION, Newcomer


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A copy of the checkout to which a framework was added; nothing else in it is touched."""
    added = Newcomer(tmp_path_factory.mktemp("checkout"))
    yield added
    assert added.changed == ["build_matrix.yaml"]
    assert [name for name in added.added if not name.startswith(f"{FOLDER}/")] == []


def passed(newcomer, *arguments):
    """Run tests of the copy, and return how many passed; one that fails fails here."""
    told = newcomer.python("pytest", "-q", "-p", "no:cacheprovider", *arguments)
    return int(re.search(r"(\d+) passed", told).group(1))


def test_the_matrix_plans_its_image(newcomer):
    """The matrix, the folder and the lock agree, and CI is told to build the row."""
    newcomer.python("tools.matrix", "check")
    rows = json.loads(newcomer.python("tools.matrix", "plan"))
    assert [row["version"] for row in rows if row["runtime"] == NAME] == [VERSION]
    assert passed(newcomer, "tests/tools/matrix", "-k", NAME) >= 2


def test_the_layer_rules_hold_for_it(newcomer):
    """The rules are tested on its modules too, and common does not name it."""
    assert passed(newcomer, "tests/layers", "-k", NAME) >= 2
    passed(newcomer, "tests/layers/test_layers.py::test_no_framework_is_named_in_common")


def test_its_code_is_in_the_style(newcomer):
    """What CONTRIBUTING.md shows passes the linter and the types, as its reader's code must."""
    newcomer.python("ruff", "check", "--no-cache", str(FOLDER))
    newcomer.python("ruff", "format", "--no-cache", "--check", str(FOLDER))
    package = str(FOLDER / f"{NAME}_runtime")
    newcomer.python("mypy", package, MYPYPATH=newcomer.environment["PYTHONPATH"])


def test_its_model_is_known_by_its_files(newcomer):
    """Nobody has to say which framework a model is of, nor what it takes and gives."""
    told = newcomer.python("serving_runtime.cli", "validate", str(MODEL))
    assert "answered" in told


def test_it_is_served_and_held_to_the_conformance_suite(newcomer):
    """Its model gives the recorded answers in process and from a server."""
    assert passed(newcomer, "tests/conformance", "-k", NAME) == 2
