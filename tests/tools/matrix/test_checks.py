import datetime

import pytest

from tests.tools.conftest import TODAY, commit, git

LOCK = "runtimes/toy/locks/1.10.txt"


def test_good_checkout_has_no_problems(checkout):
    """What is whole passes."""
    assert checkout.problems() == []


def test_folder_without_a_row(checkout):
    """A framework cannot be added and forgotten."""
    checkout.write("runtimes/joy/setup.cfg", "")
    (problem,) = checkout.problems()
    assert problem == "runtimes/joy: no row; add `joy:` to build_matrix.yaml"


def test_what_a_removed_folder_left_in_a_working_copy_is_no_folder(checkout):
    """Caches of a framework on another branch are nobody's problem."""
    checkout.write("runtimes/joy/__pycache__/loader.cpython-313.pyc", "")
    assert checkout.problems() == []


@pytest.mark.parametrize("name", ["Dockerfile", "setup.cfg"])
def test_row_without_a_folder(checkout, name):
    """A row that nothing can be built from is named with what it lacks."""
    (checkout.root / "runtimes/toy" / name).unlink()
    (problem,) = checkout.problems()
    assert problem.startswith(f"toy: there is no runtimes/toy/{name}; add it")


def test_built_row_without_a_lock(checkout):
    """An image of whatever is newest today is not reproducible."""
    (checkout.root / LOCK).unlink()
    assert checkout.problems() == [f"toy/1.10: there is no {LOCK}; run `make lock/toy/1.10`"]


def test_unverified_row_may_have_a_lock_and_needs_none(checkout):
    """Only who reaches its wheels can make one."""
    checkout.unverify("1.9")
    assert checkout.problems() == []
    checkout.write("runtimes/toy/locks/1.9.txt", "")
    assert checkout.problems() == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("build_matrix.yaml", "toy==1.10.0", "toy==1.10.1"),
        ("build_matrix.yaml", '"3.13"', '"3.14"'),
        ("build_matrix.yaml", 'toy==1.10.0, "numpy<3"', "toy==1.10.0"),
        (LOCK, "#     toy==1.10.0\n", ""),
    ],
)
def test_stale_lock(checkout, name, old, new):
    """A lock that was made for another row, or by hand, is not what the row says."""
    checkout.replace(name, old, new)
    (problem,) = checkout.problems()
    assert problem.startswith(f"toy/1.10: {LOCK} was made from other requirements")
    assert problem.endswith("run `make lock/toy/1.10`")


def test_new_requirement_of_common_makes_every_lock_stale(checkout):
    """Nothing gets into an image without a hash."""
    checkout.replace("common/setup.cfg", "grpcio>=1.48", "grpcio>=1.48\n    attrs")
    assert [problem.split(":")[0] for problem in checkout.problems()] == ["toy/1.9", "toy/1.10"]


def test_new_requirement_of_a_runtime_makes_its_locks_stale(checkout):
    """What its code imports is locked with what its row asks for."""
    checkout.replace("runtimes/toy/setup.cfg", "serving_runtime>=0.1", "serving_runtime\n    attrs")
    assert [problem.split(":")[0] for problem in checkout.problems()] == ["toy/1.9", "toy/1.10"]


def test_requirement_of_our_own_packages_is_in_no_lock(checkout):
    """They are installed from the checkout."""
    checkout.replace("runtimes/toy/setup.cfg", "serving_runtime>=0.1", "serving_runtime>=0.2")
    assert checkout.problems() == []


def test_lock_with_an_unhashed_line(checkout):
    """A pin without a hash could be answered with another file."""
    checkout.append(LOCK, "six==1.17.0\n")
    (problem,) = checkout.problems()
    assert "'six==1.17.0' is not a pin with sha256 hashes; run `make" in problem


def test_lock_without_a_row(checkout):
    """Removing a row leaves nothing behind."""
    checkout.write("runtimes/toy/locks/0.9.txt", "")
    (problem,) = checkout.problems()
    assert problem.startswith("runtimes/toy/locks/0.9.txt: no row is built from it; remove it")


def test_supported_row_on_an_interpreter_past_its_end_of_life(checkout):
    """Support is not promised for what gets no security fixes."""
    checkout.replace("build_matrix.yaml", '"3.13"', '"3.10"')
    checkout.lock_all()
    (problem,) = checkout.problems()
    assert problem == (
        "toy/1.10: status is supported, but Python 3.10 ended on 2026-10-31;"
        " expected legacy, with a reason"
    )


def test_last_day_of_an_interpreter_counts(checkout):
    """The day itself is still supported, the next is not."""
    assert checkout.problems(datetime.date(2029, 10, 31)) == []
    assert len(checkout.problems(datetime.date(2029, 11, 1))) == 1


def test_interpreter_that_nobody_knows(checkout):
    """A new Python needs its end of life written down first."""
    checkout.replace("build_matrix.yaml", '"3.13"', '"3.99"')
    checkout.lock_all()
    (problem,) = checkout.problems(TODAY)
    assert "python is '3.99', expected one of 3.4, 3.5" in problem
    assert "interpreters.yaml" in problem


@pytest.fixture
def published(checkout):
    """Return the checkout as a repository whose release is tagged."""
    git(checkout, "init", "--quiet", "--initial-branch", "main")
    commit(checkout)
    git(checkout, "tag", "v0.7.0")
    return checkout


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("common/serving_runtime/model.py", "toy/1.9, toy/1.10"),
        ("common/image/step", "toy/1.9, toy/1.10"),
        ("runtimes/toy/Dockerfile", "toy/1.9, toy/1.10"),
    ],
)
def test_published_release_may_not_change(published, path, told):
    """What was pushed under an immutable tag cannot be made again of something else."""
    published.write(path, "changed\n")
    commit(published)
    assert published.problems() == [
        f"release 0.7.0 is published (tag v0.7.0) and what is in {told} has changed since:"
        " raise __version__ in common/serving_runtime/__init__.py"
    ]


def test_new_release_may_change(published):
    """A raised version has tags of its own."""
    published.write("common/serving_runtime/__init__.py", '__version__ = "0.8.0"\n')
    assert published.problems() == []


@pytest.mark.parametrize(
    "path",
    [
        "common/tests/test_model.py",
        "docs/images.md",
        "runtimes/toy/README.md",
        "runtimes/toy/environments/test-1.10.txt",
        "runtimes/toy/tests/models/doll/files/doll.bin",
        "tests/images/test_users.py",
        "tools/images/building.py",
    ],
)
def test_what_no_image_holds_may_change_after_a_release(published, path):
    """Better tests and tools need no new images."""
    published.write(path, "changed\n")
    assert published.problems() == []


def test_row_that_changed_after_its_release(published):
    """Its label would say something else under the same tag; its budget is in no image."""
    published.replace("build_matrix.yaml", "budget: 250 MB", "budget: 260 MB")
    assert published.problems() == []
    published.replace("build_matrix.yaml", "for old toys", "for the oldest toys")
    (problem,) = published.problems()
    assert "what is in toy/1.9 has changed since" in problem


def test_new_row_of_a_published_release(published):
    """Adding a version is one row and its lock: its tags are new, whatever release it is of."""
    published.replace("build_matrix.yaml", '"1.9"', '"1.8"')
    (published.root / "runtimes/toy/locks/1.9.txt").unlink()
    published.lock_all()
    assert published.problems() == []
    published.replace("build_matrix.yaml", "status: eol", "status: unverified\n        base: a:1")
    assert published.problems() == []


def test_clone_without_tags_knows_of_no_release(published, tmp_path_factory):
    """A shallow clone checks what it can."""
    published.write("common/serving_runtime/model.py", "changed\n")
    commit(published)
    clone = tmp_path_factory.mktemp("clone")
    source = f"file://{published.root}"
    git(published, "clone", "--quiet", "--depth=1", "--no-tags", source, str(clone))
    published.root = clone
    assert published.problems() == []


def test_machine_without_git_knows_of_no_release(published, monkeypatch):
    """An unpacked archive can be checked, too."""
    published.write("common/serving_runtime/model.py", "changed\n")
    assert len(published.problems()) == 1
    monkeypatch.setenv("PATH", "")
    assert published.problems() == []
