import json
import re
import subprocess

import pytest

from tools.images import bake
from tools.images.building import target_of
from tools.rows import Status, load
from tools.rows.reader import ROOT

REAL = load(environment={})
BUILDABLE = [row for row in REAL.rows if row.can_be_built]


@pytest.fixture(scope="module")
def written():
    """Return what is written of the real rows."""
    return bake.document(BUILDABLE, ROOT)


@pytest.mark.parametrize("row", BUILDABLE, ids=lambda row: row.name)
def test_a_target_is_told_what_docker_build_is_told(row, written):
    """One object says it to both: the Dockerfile, the arguments and the labels."""
    told, target = target_of(row, ROOT), written["target"][bake.target_name(row)]
    assert target["context"] == "."
    assert (ROOT / target["dockerfile"]).samefile(ROOT / told.dockerfile)
    assert (target["args"], target["labels"]) == (told.args, told.labels)
    assert target["tags"] == list(row.references)
    assert target["platforms"] == ["linux/amd64"]
    assert not target.keys() & {"cache-from", "cache-to", "output"}


def test_names_are_unique_and_ones_that_bake_takes(written):
    """A version has dots, which bake refuses."""
    assert len(written["target"]) == len(BUILDABLE)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) for name in written["target"])
    assert not written["target"].keys() & written["group"].keys()


def test_groups_are_complete(written):
    """Without a name what is built comes, by runtime too; each status has all of its rows."""
    groups = {name: it["targets"] for name, it in written["group"].items()}
    assert groups["default"] == [bake.target_name(row) for row in REAL.built]
    assert sum((groups[name] for name in REAL.runtimes), []) == groups["default"]
    for status in {row.status for row in BUILDABLE}:
        same = [bake.target_name(row) for row in BUILDABLE if row.status is status]
        assert groups[str(status)] == same
    assert set(sum((groups[str(it)] for it in Status if str(it) in groups), [])) == set(
        written["target"]
    )


def test_an_unverified_row_comes_only_where_it_is_named(checkout):
    """Whoever reaches its wheels asks for it by its name or its status, or for it alone."""
    checkout.unverify("1.9")
    rows = [row for row in checkout.load().rows if row.can_be_built]
    groups = bake.document(rows, checkout.root)["group"]
    assert groups["default"]["targets"] == groups["toy"]["targets"] == ["toy-1_10"]
    assert groups["unverified"]["targets"] == ["toy-1_9"]
    alone = bake.document(rows[:1], checkout.root)["group"]
    assert alone["default"]["targets"] == ["toy-1_9"]


def test_text_that_bake_would_take_for_a_template_is_kept(checkout):
    """A reason is somebody's sentence, whatever is in it."""
    row = checkout.load().row("toy", "1.9")._replace(reason="${x} of %{y} is $5 or 100%")
    (target,) = bake.document([row], checkout.root)["target"].values()
    told = target["labels"]["io.hydrosphere.runtime.reason"]
    assert told == "$${x} of %%{y} is $5 or 100%"


def test_a_cache_is_kept_for_each_row(checkout):
    """Layers of every stage go to a registry and come from there, by the row's name."""
    row = checkout.load().row("toy", "1.9")
    document = bake.document([row], checkout.root, "localhost:5000/cache")
    (target,) = document["target"].values()
    kept = "type=registry,ref=localhost:5000/cache/serving-runtime-toy:1.9"
    assert (target["cache-from"], target["cache-to"]) == ([kept], [f"{kept},mode=max"])


def test_arguments_follow_the_callers_index(checkout, monkeypatch):
    """Who builds behind another index has it in the file as in a plain build."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://localhost:3141/simple")
    row = checkout.load().row("toy", "1.9")
    (target,) = bake.document([row], checkout.root)["target"].values()
    assert target["args"]["PIP_INDEX_URL"] == "http://localhost:3141/simple"


def test_the_same_commit_gives_the_same_file(checkout):
    """Nothing in it depends on when or how often it was written."""
    subprocess.run(["git", "init", "--quiet"], cwd=checkout.root, check=True)
    rows = checkout.load().built
    twice = [json.dumps(bake.document(rows, checkout.root)) for _ in range(2)]
    assert twice[0] == twice[1]
