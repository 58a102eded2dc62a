import json
import subprocess
import sys

import pytest

from tests.tools.conftest import commit, git
from tools.matrix.plan import BUILD_AND_TEST, plan, touched
from tools.rows import MatrixError, Status
from tools.rows.reader import ROOT

TOYS = ["toy/1.9", "toy/1.10"]
ALL = [*TOYS, "joy/2.0"]

JOY = """\
  joy:
    rows:
      - version: "2.0"
        status: supported
        python: "3.13"
        base: python:3.13-slim-bookworm
        budget: 300 MB
"""


@pytest.fixture
def repository(checkout):
    """Return the checkout, with a second framework, as a repository with one commit, tagged."""
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
        # In every image.
        ("common/serving_runtime/cli.py", ALL),
        ("common/setup.cfg", ALL),
        ("common/image/install-lock", ALL),
        ("protos/hydro_serving_grpc/tf/types.proto", ALL),
        # What makes every image, or tests it.
        ("tools/images/building.py", ALL),
        ("tools/rows/rows.py", ALL),
        ("tools/docker.py", ALL),
        ("tests/images/test_user.py", ALL),
        ("tests/conformance/cases/dtypes.py", ALL),
        ("tests/support/wires/tensorflow_serving.py", ALL),
        ("tests/system/clients/test_stock.py", ALL),
        ("Makefile", ALL),
        (".dockerignore", ALL),
        # A runtime's own.
        ("runtimes/toy/Dockerfile", TOYS),
        ("runtimes/toy/toy_runtime/loader.py", TOYS),
        ("runtimes/toy/wheels/rattle-1.0-py3-none-any.whl", TOYS),
        ("runtimes/toy/tests/models/doll/files/doll.bin", TOYS),
        ("runtimes/toy/tests/neighbours.py", TOYS),
        ("runtimes/joy/setup.cfg", ["joy/2.0"]),
        ("runtimes/joy/joué.txt", ["joy/2.0"]),
        # A row's own.
        ("runtimes/toy/locks/1.10.txt", ["toy/1.10"]),
        ("runtimes/toy/locks/0.1.txt", []),
        # In no image, and none is tested with it.
        ("runtimes/toy/README.md", []),
        ("runtimes/toy/environments/test-1.10.txt", []),
        ("runtimes/toy/tests/test_loader.py", []),
        ("runtimes/toy/tests/loading/test_dolls.py", []),
        ("runtimes/toy/tests/conftest.py", []),
        ("common/tests/server/test_drain.py", []),
        ("common/README.md", []),
        ("docs/architecture.md", []),
        ("examples/toy.py", []),
        ("experiments/benchmarks/run.py", []),
        ("tests/tools/matrix/test_plan.py", []),
        ("tools/release/pushing.py", []),
        ("tools/outdated.py", []),
        ("tools/images/bake.py", []),
        ("tools/matrix/plan.py", []),
        ("security/known.json", []),
        (".github/workflows/release.yaml", []),
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


def test_deleted_file_touches_what_it_was_part_of(repository):
    """An image without it is another image."""
    (repository.root / "runtimes/joy/setup.cfg").unlink()
    assert names(repository) == ["joy/2.0"]


def test_removed_row_touches_no_other(repository):
    """Its lock goes with it; nothing is left to build."""
    text = (repository.root / "build_matrix.yaml").read_text()
    first = text.index('      - version: "1.9"')
    gone = text[first : text.index('      - version: "1.10"')]
    repository.replace("build_matrix.yaml", gone, "")
    (repository.root / "runtimes/toy/locks/1.9.txt").unlink()
    assert names(repository) == []


def test_renamed_row_is_a_new_one(repository):
    """It is built under its new name, with the lock that moved along; the others are not."""
    repository.replace("build_matrix.yaml", '"1.9"', '"1.9.1"')
    git(repository, "mv", "runtimes/toy/locks/1.9.txt", "runtimes/toy/locks/1.9.1.txt")
    assert names(repository) == ["toy/1.9.1"]


def test_removed_runtime_touches_no_other(repository):
    """Removing a framework leaves nothing to build."""
    repository.replace("build_matrix.yaml", JOY, "")
    git(repository, "rm", "-r", "--quiet", "runtimes/joy")
    assert names(repository) == []


def test_no_tool_that_builds_or_tests_images_is_left_aside():
    """What a build or a verification imports changes what becomes of it."""
    listed = "import sys, tools.images.__main__; print(*sys.modules, sep='\\n')"
    asked = [sys.executable, "-c", listed]
    modules = subprocess.check_output(asked, cwd=ROOT, text=True).split()
    ours = [name.replace(".", "/") for name in modules if name.startswith("tools.")]
    paths = [f"{name}{end}" for name in ours for end in (".py", "/__init__.py")]
    paths = [path for path in paths if (ROOT / path).is_file()]
    assert "tools/images/building.py" in paths
    assert [path for path in paths if BUILD_AND_TEST.aside.fullmatch(path)] == []


def test_every_path_that_is_shared_is_there():
    """A folder that was renamed would otherwise be forgotten here."""
    assert [path for path in BUILD_AND_TEST.shared if not (ROOT / path).exists()] == []


def test_history_without_anything_in_common_is_an_error(repository):
    """A shallow clone is told so, instead of that nothing changed."""
    git(repository, "checkout", "--quiet", "--orphan", "other")
    repository.write("docs/other.md", "")
    commit(repository)
    with pytest.raises(MatrixError, match="a shallow clone knows too little"):
        names(repository, "before")


def test_unknown_revision_is_an_error(repository):
    """A revision that git does not have is no reason to build nothing."""
    with pytest.raises(MatrixError, match=r"git merge-base nowhere HEAD` failed: .*nowhere"):
        names(repository, "nowhere")


def test_entries_are_what_ci_needs(repository):
    """An entry of the plan is plain values, ready for JSON."""
    row = repository.load().row("toy", "1.9")
    assert json.loads(json.dumps(plan((row,)))) == [
        {
            "runtime": "toy",
            "version": "1.9",
            "image": "hydrosphere/serving-runtime-toy",
            "tags": ["1.9-latest", "1.9-0.7.0"],
            "status": Status.LEGACY.value,
        }
    ]
