import pytest

from tools.rows import MatrixError

REFUSALS = {
    "not YAML": ("owner: hydrosphere", "owner: [", "is not YAML"),
    "key twice in a block": (
        "owner: hydrosphere",
        "owner: a\nowner: b",
        "block at line 1 has owner twice",
    ),
    "unknown key": (
        "        base: python:3.6-slim-bullseye",
        "        bases: x\n        base: python:3.6-slim-bullseye",
        "toy/1.9: unknown key 'bases', expected version, status, python, base, reason",
    ),
    "unknown key at the top": (
        "owner: hydrosphere",
        "owner: hydrosphere\nrelease: 1",
        "build_matrix.yaml: unknown key 'release', expected owner, runtimes, registry; remove it",
    ),
    "version that is a number": (
        '"1.10"',
        "1.10",
        'toy/1.1: version is 1.1, expected a version in quotes, as "3.10"',
    ),
    "version that is no version": ('"1.10"', '"latest"', "version is 'latest', expected a version"),
    "interpreter that is a number": ('"3.13"', "3.13", "python is 3.13, expected an interpreter"),
    "unknown status": (
        "status: legacy",
        "status: old",
        "toy/1.9: status is 'old', expected one of supported, legacy, unverified, eol",
    ),
    "status missing": ("        status: legacy\n", "", "toy/1.9: status is missing; add `status`"),
    "reason missing": (
        "        reason: for old toys\n",
        "",
        "toy/1.9: reason is missing; add `reason`: one line that says why",
    ),
    "reason of a row that is not built missing": (
        "        reason: nobody kept its wheels\n",
        "",
        "toy/0.9: reason is missing",
    ),
    "reason and base of an unverified row missing": (
        '"3.5"',
        '"3.5"\n      - version: "1.0"\n        status: unverified\n        python: "3.6"',
        "toy/1.0: base is missing.*\ntoy/1.0: reason is missing",
    ),
    "budget missing": (
        "        budget: 300 MB\n",
        "",
        "toy/1.10: budget is missing; add `budget`: the most that the image may take, as 450 MB",
    ),
    "budget that is a number": (
        "budget: 250 MB",
        "budget: 250",
        "toy/1.9: budget is 250, expected the most that the image may take, as 450 MB",
    ),
    "base missing": (
        "        base: python:3.13-slim-bookworm\n",
        "",
        "toy/1.10: base is missing; add `base`: an image with a tag",
    ),
    "base without a tag": (
        "python:3.13-slim-bookworm",
        "python",
        "toy/1.10: base is 'python', expected an image with a tag",
    ),
    "framework that is one string": (
        "[toy==1.9.0]",
        "toy==1.9.0",
        "toy/1.9: framework is 'toy==1.9.0', expected a list of requirements",
    ),
    "proof that says no": (
        "        framework: [toy==1.9.0]",
        "        framework: [toy==1.9.0]\n        proof: false",
        "toy/1.9: proof is False, expected true, or no such line",
    ),
    "duplicate tag": ('"1.9"', '"1.10"', "toy/1.10: a second row makes hydrosphere/serving-runti"),
    "duplicate row that is not built": (
        '"1.9"\n        status: legacy',
        '"0.9"\n        status: eol',
        "unknown key 'base'",
    ),
    "owner that no image can have": (
        "owner: hydrosphere",
        "owner: Hydro Sphere",
        "owner is 'Hydro",
    ),
    "runtime without rows": ("    rows:", "    images:", "runtime 'toy': expected"),
    "runtime that no tag can have": ("  toy:", "  Toy:", "runtime 'Toy': expected a name in lower"),
    "no runtimes": ("runtimes:\n  toy:\n    rows:", "runtimes:", "runtimes is \\["),
}


@pytest.mark.parametrize(("old", "new", "message"), REFUSALS.values(), ids=list(REFUSALS))
def test_mistakes_are_refused(checkout, old, new, message):
    """Each message names the row, what it says, what was expected and what to do."""
    checkout.replace("build_matrix.yaml", old, new)
    with pytest.raises(MatrixError, match=message):
        checkout.load()


def test_all_mistakes_are_named_at_once(checkout):
    """Nobody mends a file one message at a time."""
    checkout.replace("build_matrix.yaml", "status: legacy", "status: old")
    checkout.replace("build_matrix.yaml", '"3.13"', "3.13")
    with pytest.raises(MatrixError) as refusal:
        checkout.load()
    assert len(str(refusal.value).splitlines()) == 2


def test_empty_file_is_refused(checkout):
    """A file that lost its content is no matrix without images."""
    checkout.write("build_matrix.yaml", "")
    with pytest.raises(MatrixError, match="owner is missing"):
        checkout.load()


def test_release_that_cannot_be_read_is_refused(checkout):
    """Without common's version there are no immutable tags."""
    checkout.write("common/serving_runtime/__init__.py", "__version__ = get()\n")
    with pytest.raises(MatrixError, match="expected a line like __version__"):
        checkout.load()


def test_release_that_is_no_number_is_refused(checkout):
    """The tag that is never to move would be the one that moves."""
    checkout.write("common/serving_runtime/__init__.py", '__version__ = "latest"\n')
    with pytest.raises(MatrixError, match="1.9-latest is never to move, and toy/1.9 moves it"):
        checkout.load()


def test_row_that_is_not_built_needs_no_budget(checkout):
    """Nobody here knows how large its image is."""
    checkout.unverify("1.9")
    checkout.replace("build_matrix.yaml", "        budget: 250 MB\n", "")
    assert checkout.load().row("toy", "1.9").budget_mb == 0
