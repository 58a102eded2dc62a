import os
import re
from pathlib import Path

import pytest
import yaml

from tests.images.containers import inside
from tools import docker
from tools.matrix.reader import ROOT

DOCKERFILE = """\
FROM {image}
RUN pip install --no-deps {requirement}
"""
NAME = f"serving-runtime-tests/neighbours-{os.getpid()}"


def test_the_framework_is_the_row_s(row, image):
    """The package that a row is named for, its first, says the row's version where it is."""
    names = [line.split("==")[0] for line in row.framework[:1]]
    measured = {
        # A post-release mends the package, not what is in it; `+cpu` says for what it was built.
        re.split(r"\.post|\+", line.split(": ")[1])[0]
        for name in names
        for line in inside(image, "pip", "show", name).splitlines()
        if line.startswith("Version: ")
    }
    assert measured == ({row.version} if row.framework else set())


@pytest.mark.parametrize("order", ["{loader}, hydro_serving_grpc", "hydro_serving_grpc, {loader}"])
def test_the_framework_and_the_messages_live_in_one_process(row, image, order):
    """Whoever comes first, both can be imported: they may define the same messages."""
    modules = order.format(loader=f"{row.runtime}_runtime.loader")
    assert inside(image, "python", "-c", f"import {modules}; print('fine')") == "fine"


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
