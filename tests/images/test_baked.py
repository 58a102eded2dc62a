import os

import numpy as np
import pytest

from serving_runtime.cli import main
from serving_runtime.client import decode_response
from tests.images.conftest import ROWS
from tests.images.containers import PUBLISHED, mounted
from tests.images.models import copy_of, with_unknown_signature
from tools import docker, locks
from tools.rows import load

USER_SITE = "/home/runtime/.local"
# A small package that no lock has.
UNLOCKED = "peppercorn==0.6"
UNLOCKED_HASH = "46125cad688a9cf3b08e463bcb797891ee73ece93602a8ea6f14e40d1042d454"
NAME = f"serving-runtime-tests/baked-{os.getpid()}"


def pytest_generate_tests(metafunc):
    """Run with each interpreter once: what differs between images here is their pip."""
    rows = list({row.python: row for row in reversed(ROWS)}.values())
    metafunc.parametrize("row", rows, ids=lambda row: row.name, scope="session")


@pytest.fixture
def bake(image, capsys):
    """Run `serving-runtime image build`; returns its exit code, output and error output."""

    def run(model, *options):
        code = main(["image", "build", str(model), "--image", image, "--tag", NAME, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    if docker.inspect(NAME):
        docker.output("rmi", "--force", NAME)


def test_a_baked_model_answers_as_a_mounted_one(bake, run, model, sample, tmp_path):
    """Files that only their owner could read, and hashed requirements from elsewhere, go in."""
    copy = copy_of(model, tmp_path)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    requirements = tmp_path / "hashed.txt"
    requirements.write_text(f"{UNLOCKED} \\\n    --hash=sha256:{UNLOCKED_HASH}\n")
    code, out, err = bake(copy, "--requirements", str(requirements))
    assert (code, err) == (0, "")
    assert f"docker run --rm -p 9090:9090 {NAME}\n" in out
    container = run(PUBLISHED, "--user=12345:0", "--read-only", image=NAME)
    expected = run(PUBLISHED, mounted(model)).answer(sample)
    answer = container.answer(sample)
    assert (answer.status, expected.status) == ("OK", "OK")
    # Not the bytes: the order of a message's map is anybody's.
    np.testing.assert_equal(decode_response(answer.payload), decode_response(expected.payload))
    assert container.python("import peppercorn; print(peppercorn.__file__)").startswith(USER_SITE)


def test_a_model_that_is_not_served_leaves_no_image(bake, model, contract, tmp_path):
    """The image is tried before it gets its tag."""
    broken = with_unknown_signature(model, contract, tmp_path)
    code, _, err = bake(broken)
    assert code == 1
    assert "the image does not serve the model" in err
    assert "no_such_signature" in err
    assert docker.inspect(NAME) is None


def test_a_baked_requirement_against_the_lock_is_explained(bake, row, model, tmp_path):
    """Pip's words come up, and what its constraint is."""
    version = locks.read(load().root / row.lock)["grpcio"]
    copy = copy_of(model, tmp_path)
    (copy / "files" / "requirements.txt").write_text(f"{UNLOCKED}\ngrpcio<{version}\n")
    code, _, err = bake(copy)
    assert code == 1
    assert f"The user requested (constraint) grpcio=={version}" in err
    assert "what pip calls a constraint is a version that the image has" in err
