import os
from pathlib import Path

import pytest
import yaml

from tools import docker
from tools.rows.reader import ROOT

DOCKERFILE = """\
FROM {image}
RUN pip install --no-deps {requirement}
"""
NAME = f"serving-runtime-tests/neighbours-{os.getpid()}"


@pytest.fixture
def neighbours(row, image, tmp_path):
    """Build an image that has what users install too, and give the script that tries it."""
    script = Path(row.folder, "tests", "neighbours.py")
    beside = ROOT / script.with_suffix(".yaml")
    requirement = beside.exists() and yaml.safe_load(beside.read_text()).get(row.version)
    if not requirement:
        pytest.skip(f"nobody has written down what is installed beside {row.name}")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(image=image, requirement=requirement))
    docker.build("--force-rm", "--tag", NAME, str(tmp_path))
    yield f"/checkout/{script}"
    docker.output("rmi", "--force", NAME)


def test_neighbours_live_in_one_process(neighbours):
    """What defines the same messages as we do, and is installed beside us, clashes in no order."""
    options = ("--rm", "--entrypoint=python", f"--volume={ROOT}:/checkout:ro")
    assert docker.output("run", *options, NAME, neighbours) == "fine"
