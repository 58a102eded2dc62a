import json
import os
import shutil

import pytest
from packaging.utils import canonicalize_name

from tests.images.containers import PUBLISHED
from tests.images.models import copy_of
from tools import docker, locks, rows

# As Hydrosphere's manager builds it.
DOCKERFILE = """\
FROM {image}
ADD model /model
WORKDIR /model/files
RUN pip install -r requirements.txt
"""
USER_SITE = "/home/runtime/.local"
# A small package that no lock has.
UNLOCKED = "peppercorn==0.6"
AS_JSON = ("--format=json", "--disable-pip-version-check")
NAME = f"serving-runtime-tests/derived-{os.getpid()}"


@pytest.fixture
def derive(image, model, tmp_path):
    """Build an image of a model with requirements; it is removed with the test."""
    yield lambda *requirements: build(image, copy_of(model, tmp_path), requirements)
    if docker.inspect(NAME):
        docker.output("rmi", "--force", NAME)


def build(image, model, requirements):
    """Build the derived image and return its name."""
    (model / "files" / "requirements.txt").write_text("\n".join(requirements))
    dockerfile = model.parent / "Dockerfile"
    dockerfile.write_text(DOCKERFILE.format(image=image))
    docker.build("--force-rm", "--tag", NAME, str(model.parent))
    shutil.rmtree(model)
    return NAME


def test_a_derived_image_has_what_it_asks_for_and_serves(derive, row, run, sample):
    """What is locked is there already; what is not displaces nothing, and any user finds it.

    Models list hydro-serving-grpc, whose modules are called as ours but do not load here.
    """
    locked = locks.read(rows.load().root / row.lock)
    pins = [f"{name}=={version}" for name, version in locked.items()]
    image = derive(UNLOCKED, "hydro-serving-grpc==2.1.0", *pins)
    container = run(PUBLISHED, "--user=12345:0", "--read-only", image=image)
    assert container.answer(sample).status == "OK"
    assert container.python("import peppercorn; print(peppercorn.__file__)").startswith(USER_SITE)
    users = docker.output("exec", "--user=1000", container.id, "pip", "list", "--user", *AS_JSON)
    added = {canonicalize_name(package["name"]) for package in json.loads(users)}
    assert {"peppercorn", "hydro-serving-grpc"} <= added
    assert not added & set(locked)


def test_a_requirement_against_the_lock_fails_the_build(derive, row):
    """The message of pip names what was asked for and what the image has."""
    version = locks.read(rows.load().root / row.lock)["grpcio"]
    with pytest.raises(docker.DockerError) as caught:
        derive(UNLOCKED, f"grpcio<{version}")
    assert f"The user requested grpcio<{version}" in str(caught.value)
    assert f"The user requested (constraint) grpcio=={version}" in str(caught.value)
