"""The image of a framework that one folder and one block of the matrix have added.

Once, whatever the rows are: it is built of a copy of the checkout, and nothing of it is kept.
"""

import os

import pytest

from tests.support.newcomer import FOLDER, NAME, VERSION, Newcomer
from tools import docker
from tools.rows import load

ROW = f"{NAME}/{VERSION}"
# Not all, since its image differs from the others in its loader only.
TESTS = ("conformance", "health", "users")


@pytest.fixture
def owner():
    """An account whose images nobody else makes or removes."""
    return f"newcomer-{os.getpid()}"


@pytest.fixture
def newcomer(tmp_path_factory, owner):
    """A copy of the checkout to which a framework was added; its images go with it."""
    added = Newcomer(tmp_path_factory.mktemp("checkout"))
    yield added
    row = load(added.root / "build_matrix.yaml", {"OWNER": owner}).row(NAME, VERSION)
    docker.output("rmi", "--force", row.candidate)


@pytest.mark.timeout(900)
def test_its_image_is_built_and_held_to_the_same_tests(newcomer, owner):
    """The image serves, and passes tests that every image must, with no other file changed."""
    built = newcomer.python("tools.images", "build", *ROW.split("/"), OWNER=owner)
    assert "built in" in built
    tests = [f"tests/images/test_{name}.py" for name in TESTS]
    variables = {"OWNER": owner, "IMAGE_ROWS": ROW, "IMAGE_RESULTS": ""}
    told = newcomer.python("pytest", "-v", "-p", "no:cacheprovider", *tests, **variables)
    assert f"test_conformance[{ROW}-test_the_same_model_gives_the_same_numbers" in told
    assert newcomer.changed == ["build_matrix.yaml"]
    assert all(name.startswith(f"{FOLDER}/") for name in newcomer.added)
