import subprocess
import sys

import pytest

from tools import locks
from tools.locks import resolver
from tools.matrix import index

UV = """\
import sys
from pathlib import Path
wanted = Path(sys.argv[-1]).read_text().split()
answers = Path(__file__).parent / "answers"
for pin in wanted:
    answer = answers / pin
    if answer.exists():
        code, _, told = answer.read_text().partition("\\n")
        sys.stderr.write(told)
        sys.exit(int(code))
"""

OTHER_INTERPRETERS = """\
1
error: No solution found when resolving dependencies
  cause: Because toy==1.10.0 has no wheels with a matching Python ABI tag (e.g., `cp313`) and you
require toy==1.10.0, we can conclude that your requirements are unsatisfiable.

hint: You require CPython 3.13 (`cp313`), but we only found wheels for `toy` (v1.10.0) with the
following Python ABI tags: `cp27m`, `cp27mu`, `cp36m`, `cp310`
"""
SOURCES_ONLY = """\
1
error: No solution found when resolving dependencies
  cause: Because toy==1.10.0 has no usable wheels and you require toy==1.10.0, we can conclude that
your requirements are unsatisfiable.

hint: Wheels are required for `toy` because building from source is disabled
"""
NO_ANSWER = """\
2
error: Request failed after 3 retries in 8.5s
"""


@pytest.fixture
def asked(checkout, monkeypatch):
    """Ask a resolver that says what a test writes, and note what it says of each row."""
    checkout.write("uv.py", UV)
    monkeypatch.setattr(resolver, "_uv", lambda: [sys.executable, str(checkout.root / "uv.py")])

    def asked(**answers):
        for pin, text in answers.items():
            checkout.write(f"answers/{pin}", text)
        told = []
        return index.missing_wheels(checkout.load(), told.append), told

    return asked


def test_wheels_that_are_there_are_told_one_by_one(asked):
    """Who waits sees what was asked for; `numpy<3` is no pin."""
    assert asked() == (
        [],
        ["[toy/1.9] toy==1.9.0: there is a wheel", "[toy/1.10] toy==1.10.0: there is a wheel"],
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (OTHER_INTERPRETERS, "wheels exist for 2.7, 3.6, 3.10"),
        (SOURCES_ONLY, "toy==1.10.0 has no usable wheels"),
    ],
)
def test_a_wheel_that_is_missing(asked, answer, why):
    """The row, its interpreter and what there is instead are told."""
    problems, told = asked(**{"toy==1.10.0": answer})
    assert problems == [
        f"toy/1.10: toy==1.10.0 has no wheel for Python 3.13 on x86-64 Linux: {why}"
    ]
    assert told[-1] == "[toy/1.10] toy==1.10.0: missing"


def test_an_index_that_does_not_answer_is_a_problem_of_its_own(asked):
    """Nobody is told that a wheel is missing because the network was."""
    (problem,), _ = asked(**{"toy==1.10.0": NO_ANSWER})
    assert problem.startswith("toy/1.10: nobody knows whether there is toy==1.10.0:\nerror: Reques")


@pytest.mark.parametrize(("code", "missing"), [(0, False), (1, True)])
def test_a_local_version_is_looked_for_where_pip_is_told_to_look(
    asked, checkout, monkeypatch, code, missing
):
    """It is on no public index; nothing is downloaded to know that it is there."""
    checkout.replace("build_matrix.yaml", "toy==1.10.0", "toy==1.10.0+cpu")
    commands = []

    def run(command, **options):
        if command[1:3] != ["-m", "pip"]:
            return original(command, **options)
        commands.append(command)
        return subprocess.CompletedProcess(command, code)

    original = subprocess.run
    monkeypatch.setattr(subprocess, "run", run)
    problems, _ = asked(**{"toy==1.10.0+cpu": SOURCES_ONLY})
    assert bool(problems) is missing
    (command,) = commands
    assert {"--dry-run", "--no-deps", "--python-version=3.13"} <= set(command)
    assert command[-1] == "toy==1.10.0+cpu"


def test_making_a_lock_says_which_wheel_is_missing(asked, checkout):
    """Not that there is no solution, but what is in its way; the old lock stays."""
    before = (checkout.root / "runtimes/toy/locks/1.10.txt").read_text()
    asked(**{"toy==1.10.0": OTHER_INTERPRETERS})
    matrix = checkout.load()
    with pytest.raises(locks.LockError) as refusal:
        resolver.make(matrix, matrix.row("toy", "1.10"))
    assert str(refusal.value) == (
        "toy/1.10: toy==1.10.0 has no wheel for Python 3.13 on x86-64 Linux:"
        " wheels exist for 2.7, 3.6, 3.10"
    )
    assert (checkout.root / "runtimes/toy/locks/1.10.txt").read_text() == before
