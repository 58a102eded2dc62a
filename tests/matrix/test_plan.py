import os
import subprocess

import pytest

from tools.matrix import MatrixError, Status
from tools.matrix.plan import plan, touched

ALL = ["toy/1.9", "toy/1.10", "joy/2.0"]

JOY = """\
  joy:
    rows:
      - version: "2.0"
        status: supported
        python: "3.13"
        base: python:3.13-slim-bookworm
"""


def git(checkout, *arguments):
    """Run git as somebody, whatever this machine's configuration is."""
    nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=checkout.root, env={**os.environ, **nobodys}, check=True)


def commit(checkout):
    """Commit everything."""
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "A change")


@pytest.fixture
def repository(checkout):
    """Give the checkout, with a second framework, as a repository with one commit, tagged."""
    checkout.append("build_matrix.yaml", JOY)
    checkout.write("runtimes/joy/setup.cfg", "[metadata]\nname = joy\n")
    checkout.lock_all()
    git(checkout, "init", "--quiet", "--initial-branch", "main")
    commit(checkout)
    git(checkout, "tag", "before")
    return checkout


def names(repository, since="before"):
    """Name the rows that a change since then touches."""
    return [row.name for row in touched(repository.load(), since)]


def test_nothing_changed(repository):
    """No change, no work."""
    assert names(repository) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("common/serving_runtime/cli.py", ALL),
        ("common/setup.cfg", ALL),
        ("protos/hydro_serving_grpc/tf/types.proto", ALL),
        ("tools/images.py", ALL),
        ("tests/images/test_user.py", ALL),
        ("Makefile", ALL),
        ("runtimes/toy/Dockerfile", ["toy/1.9", "toy/1.10"]),
        ("runtimes/toy/toy_runtime/loader.py", ["toy/1.9", "toy/1.10"]),
        ("runtimes/joy/setup.cfg", ["joy/2.0"]),
        ("runtimes/joy/joué.txt", ["joy/2.0"]),
        ("runtimes/toy/locks/1.10.txt", ["toy/1.10"]),
        ("runtimes/toy/README.md", []),
        ("docs/architecture.md", []),
        ("common/README.md", []),
        ("examples/toy.py", []),
    ],
)
def test_path_decides_the_rows(repository, path, expected):
    """A path touches what is made of it or tested with it; documents are in no image."""
    repository.write(path, "changed\n")
    assert names(repository) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("toy==1.9.0", "toy==1.9.1", ["toy/1.9"]),
        ("reason: for old toys", "reason: for the oldest toys", ["toy/1.9"]),
        ("reason: nobody kept its wheels", "reason: gone", []),
        ("owner: hydrosphere", "owner: acme", ALL),
        ("owner: hydrosphere", "# Ours.\nowner: hydrosphere", []),
        ('"2.0"', '"2.1"', ["joy/2.1"]),
    ],
)
def test_block_decides_the_row(repository, old, new, expected):
    """Only a row that means something else now is built again."""
    repository.replace("build_matrix.yaml", old, new)
    assert names(repository) == expected


def test_committed_and_uncommitted_work_counts(repository):
    """CI sees commits, a developer also what is not committed yet."""
    repository.write("runtimes/joy/Dockerfile", "FROM scratch\n")
    commit(repository)
    repository.write("runtimes/toy/locks/1.9.txt", "\n")
    assert names(repository) == ["toy/1.9", "joy/2.0"]


def test_what_others_did_meanwhile_does_not_count(repository):
    """A branch is not asked to build what changed on main after it was left."""
    git(repository, "checkout", "--quiet", "-b", "branch")
    repository.write("runtimes/joy/Dockerfile", "FROM scratch\n")
    commit(repository)
    git(repository, "checkout", "--quiet", "main")
    repository.write("common/setup.cfg", "[metadata]\nname = x\n")
    commit(repository)
    git(repository, "checkout", "--quiet", "branch")
    assert names(repository, "main") == ["joy/2.0"]


@pytest.mark.parametrize("before", ["", "runtimes: [", "owner: x\n"])
def test_matrix_that_was_unreadable_touches_everything(repository, before):
    """Where nothing can be compared, everything is built."""
    now = (repository.root / "build_matrix.yaml").read_text()
    repository.write("build_matrix.yaml", before)
    commit(repository)
    git(repository, "tag", "--force", "before")
    repository.write("build_matrix.yaml", now)
    assert names(repository) == ALL


def test_moved_file_touches_both_ends(repository):
    """What left a runtime changed it, too."""
    repository.write("runtimes/joy/data.txt", "x\n" * 50)
    commit(repository)
    git(repository, "tag", "--force", "before")
    git(repository, "mv", "runtimes/joy/data.txt", "runtimes/toy/data.txt")
    assert names(repository) == ALL


def test_unknown_revision_is_an_error(repository):
    """A revision that git does not have is no reason to build nothing."""
    with pytest.raises(MatrixError, match=r"git merge-base nowhere HEAD` failed: .*nowhere"):
        names(repository, "nowhere")


def test_entries_are_what_ci_needs(repository):
    """An entry of the plan is plain values, ready for JSON."""
    row = repository.load().row("toy", "1.9")
    assert plan((row,)) == [
        {
            "runtime": "toy",
            "version": "1.9",
            "image": "hydrosphere/serving-runtime-toy",
            "tags": ["1.9-latest", "1.9-0.7.0"],
            "status": Status.LEGACY.value,
        }
    ]
