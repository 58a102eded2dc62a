import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.faults import Fault
from tests.planted.planting import FAILED, PASSED, Tree

FAULT = Fault("sum", "common/adding.py", "a + b", "a - b", ("tests/test_adding.py",), "own")


@pytest.fixture
def tree(tmp_path):
    """A copy of a checkout with one package and one test, and the environment of this Python."""
    source = tmp_path / "source"
    files = {
        ".gitignore": "/ignored.txt\n",
        "ignored.txt": "",
        "common/adding.py": "def add(a, b):\n    return a + b\n",
        "tests/test_adding.py": (
            "from adding import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
        ),
    }
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (source / "runtimes").mkdir()
    subprocess.run(["git", "init", "--quiet", source], check=True)
    (tmp_path / "venvs").mkdir()
    (tmp_path / "venvs" / "own").symlink_to(Path(sys.prefix))
    (tmp_path / "copy" / "runtimes").mkdir(parents=True)
    return Tree(source, tmp_path / "copy", tmp_path / "venvs")


def test_a_fault_is_caught_and_taken_out_again(tree):
    """The test that failed is named, and passes afterwards; the checkout itself is left alone."""
    outcome = tree.try_fault(FAULT)
    assert outcome.caught_by == "tests/test_adding.py::test_add", outcome.said
    assert tree.run("own", FAULT.tests)[0] == PASSED
    assert not (tree._folder / "ignored.txt").exists()


def test_a_fault_that_changes_nothing_is_not_caught(tree):
    """Tests that pass have noticed nothing."""
    assert tree.try_fault(FAULT._replace(new="b + a")).caught_by == ""


def test_a_run_that_does_not_end_has_noticed(tree):
    """What is left of a test that was hung keeps the night's run from nothing."""
    (tree._folder / "tests" / "test_adding.py").write_text("while True: pass\n")
    code, said = tree.run("own", FAULT.tests, seconds=2.0)
    assert code == FAILED
    assert said.endswith("FAILED (the run did not end)")


def test_code_that_cannot_even_be_read_proves_no_test(tree):
    """A fault must be one that a test catches, not the import of the code."""
    assert tree.try_fault(FAULT._replace(new="a +")).caught_by == ""
