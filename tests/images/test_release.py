"""What is pushed to a registry is what users get: on one image, since a registry knows no rows."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.images import release_servers
from tests.images.conftest import MATRIX, ROWS
from tests.images.containers import Container, mounted
from tools import docker, rows
from tools.command_line import ToolError
from tools.offline import packages
from tools.release import manifest, pushing, registry

pytestmark = pytest.mark.timeout(300)

SMALLEST = min(ROWS, key=lambda row: row.budget_mb)
SENT = [1.5, -2.0, 3.25]


@pytest.fixture(scope="module")
def folder():
    """Yield a folder with a short path, for sockets; it is removed in the end."""
    made = tempfile.mkdtemp(dir="/var/tmp")
    yield Path(made)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def pushable(folder):
    """The smallest row, as it is called where images go to a registry on this machine."""
    try:
        release_servers.ensure_registry()
    except packages.NotDebianError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with release_servers.registry(folder) as address:
        pushed = rows.load(environment={"REGISTRY": address})
        named = pushed.row(SMALLEST.runtime, SMALLEST.version)
        name_all(named, source())
        yield named
        docker.output("rmi", *named.references)


def source():
    """Name the image that is tested: a candidate, or what became of it."""
    return next(name for name in (SMALLEST.candidate, *SMALLEST.references) if docker.inspect(name))


def name_all(row, image):
    """Tag an image with the row's names, as verification does."""
    for reference in row.references:
        docker.output("tag", image, reference)


@pytest.fixture(scope="module")
def checkout(folder, pushable):
    """Return a checkout with no more than the lock, to write records into."""
    lock = folder / "checkout" / pushable.lock
    lock.parent.mkdir(parents=True)
    shutil.copy(MATRIX.root / pushable.lock, lock)
    return folder / "checkout"


@pytest.fixture(scope="module")
def published(pushable, checkout):
    """Push the pushable."""
    return pushing.push(pushable, checkout, print)


def test_a_pushed_row_is_recorded(pushable, checkout, published):
    """The record names what the registry has, by its digest, and what the image says of itself."""
    (read,) = manifest.records(checkout)
    assert read == published
    image = docker.inspect(source())
    found = registry.find(f"{pushable.image}:{pushable.immutable_tag}", print)
    assert found == registry.Found((published.digest,), (image["Id"],))
    assert published.size_bytes == image["Size"]
    for tag in pushable.moving_tags:
        assert registry.find(f"{pushable.image}:{tag}", print) == found


def test_a_second_push_finds_the_first(pushable, checkout, published, capsys):
    """The record stays as it is, but for the bill of materials, which is a new one each time."""
    again = pushing.push(pushable, checkout, print)
    assert again._replace(sbom_sha256=published.sbom_sha256) == published
    assert f"{pushable.immutable_tag} is there already" in capsys.readouterr().out


def test_another_image_never_gets_the_immutable_tag(pushable, checkout, published, tmp_path):
    """The push is refused, with both digests, and the registry has what it had."""
    (tmp_path / "Dockerfile").write_text(f"FROM {pushable.references[0]}\nLABEL another=image\n")
    before = registry.find(f"{pushable.image}:{pushable.immutable_tag}", print)
    other = f"serving-runtime-tests/another-{os.getpid()}"
    docker.build("--tag", other, str(tmp_path))
    name_all(pushable, other)
    try:
        with pytest.raises(ToolError, match="raise the version in") as caught:
            pushing.push(pushable, checkout, print)
        assert published.digest in str(caught.value)
        assert docker.inspect(other)["Id"] in str(caught.value)
    finally:
        name_all(pushable, source())
        docker.output("rmi", other)
    assert registry.find(f"{pushable.image}:{pushable.immutable_tag}", print) == before


def test_a_preview_moves_no_other_tag(pushable, published):
    """It is in the registry, and its name is gone from the engine."""
    assert pushing.push_preview(pushable, print) == published.digest
    assert registry.find(pushing.preview_of(pushable), print).digests == (published.digest,)
    assert docker.inspect(pushing.preview_of(pushable)) is None


def test_a_bill_of_materials_lists_all_packages(checkout, published):
    """Python's and Debian's, as the image's own tools list them."""
    written = (checkout / manifest.FOLDER / published.sbom).read_bytes()
    purls = [part.get("purl", "") for part in json.loads(written)["components"]]
    inside = ("run", "--rm", "--entrypoint")
    debian = docker.output(*inside, "dpkg-query", source(), "--show").splitlines()
    python = json.loads(docker.output(*inside, "pip", source(), "list", "--format=json"))
    assert sum(purl.startswith("pkg:deb/") for purl in purls) == len(debian)
    assert {purl.partition("@")[0] for purl in purls if purl.startswith("pkg:pypi/")} == {
        f"pkg:pypi/{re.sub('[-_.]+', '-', package['name']).lower()}" for package in python
    }


@pytest.fixture
def emptied(folder, pushable, monkeypatch):
    """Point the docker command at an engine that has no images, but reaches the registry's."""
    if os.geteuid() != 0:
        pytest.skip("only root starts a second engine")
    own = folder / "engine"
    own.mkdir()
    address = pushable.image.partition("/")[0]
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(release_servers.engine(own))
        stack.enter_context(release_servers.registry(folder, address, engine.entering))
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine


def test_who_pulls_it_can_serve_with_it(emptied, pushable, published):
    """An engine that has nothing gets the image by its digest, and it predicts."""
    assert docker.output("images", "--quiet") == ""
    docker.output("pull", "--quiet", published.reference)
    model = MATRIX.root / pushable.folder / "tests" / "models" / "identity"
    container = Container(published.reference, "--network=host", mounted(model))
    try:
        container.wait_health("healthy")
        command = [sys.executable, "-m", "serving_runtime.cli", "predict", "--format=json"]
        command += ["--signature=identity_float32", f"--input={json.dumps({'x': SENT})}"]
        told = subprocess.run([*emptied.entering, *command], capture_output=True, check=True)
    finally:
        container.remove()
    assert json.loads(told.stdout)["y"] == SENT
