"""What `make bake` writes is what buildx reads, and bakes as `docker build` builds."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.images import buildx
from tests.images.conftest import MATRIX, ROWS
from tools import docker
from tools.images import bake, building, layers

BUILDABLE = [row for row in MATRIX.rows if row.can_be_built]
PLAIN, BAKED = (f"serving-runtime-tests/{it}-{os.getpid()}" for it in ("plain", "baked"))


@pytest.fixture(scope="module")
def command():
    """Yield buildx's command; not in /tmp, which may forbid programs."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield buildx.command(Path(folder))


@pytest.fixture
def run(command, tmp_path):
    """Run bake on the rows, from the checkout, and return what it prints."""

    def run(rows, *arguments):
        written = tmp_path / "docker-bake.json"
        written.write_text(json.dumps(bake.document(rows, MATRIX.root)))
        told = [*command, "bake", f"--file={written}", "--progress=plain", *arguments]
        done = subprocess.run(told, cwd=MATRIX.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def _removed():
    """Leave no image behind."""
    yield
    docker.output("rmi", "--force", PLAIN, BAKED)


def test_bake_reads_each_row_as_it_is_written(run):
    """Every target, with its arguments, labels and tags, is in bake's own words what we say."""
    written = bake.document(BUILDABLE, MATRIX.root)
    read = json.loads(run(BUILDABLE, "--print", *written["target"]))
    assert read["target"] == written["target"]


def test_every_group_can_be_asked_for(run):
    """What comes without a name, all of a runtime, and all of a status."""
    groups = bake.document(BUILDABLE, MATRIX.root)["group"]
    for group, members in groups.items():
        read = json.loads(run(BUILDABLE, "--print", group))
        assert list(read["target"]) == sorted(members["targets"])


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("_removed")
def test_bake_builds_what_docker_build_builds(run):
    """Made twice of nothing, once by each, a row has the same layers, labels and variables.

    Even if its reason is a sentence that bake would take for a template.
    """
    row = ROWS[0]._replace(reason="${nothing} of %{if it} is $5 or $${escaped}")
    building.build(row, MATRIX.root, lambda step: None, name=PLAIN, fresh=True)
    run([row], "--no-cache", "--load", f"--set=*.tags={BAKED}")
    assert list(layers.differences(PLAIN, BAKED)) == []
    plain, baked = docker.inspect(PLAIN), docker.inspect(BAKED)
    assert baked["RootFS"] == plain["RootFS"]
    assert baked["Config"] == plain["Config"]
