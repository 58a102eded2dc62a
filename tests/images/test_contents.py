import json

from tests.conformance.targets import Connection
from tests.images.containers import PUBLISHED, mounted
from tests.images.models import copy_of
from tools import docker, locks, matrix

OURS = ("serving-runtime", "serving-runtime-{runtime}")
COMPILERS = ("cc", "gcc", "g++", "clang", "make", "ld")


def inside(image, *command, user="1000:0"):
    """Return what a command prints in the image."""
    options = ("--rm", f"--user={user}", f"--entrypoint={command[0]}")
    return docker.output("run", *options, image, *command[1:])


def installed(image):
    """Return the versions of an image's packages, by their names as PyPI normalises them."""
    listed = json.loads(inside(image, "pip", "list", "--format=json"))
    return {
        item["name"].lower().replace("_", "-").replace(".", "-"): item["version"] for item in listed
    }


def test_packages_are_those_of_the_base_the_lock_and_ours(row, image):
    """Nothing is inside that is not pinned, and every pin is."""
    ours = {name.format(runtime=row.runtime): row.release for name in OURS}
    locked = locks.read(matrix.load().root / row.lock)
    assert installed(image) == {**installed(row.base), **locked, **ours}


def test_packages_fit_together(image):
    """`pip check` finds every requirement satisfied, ours too."""
    assert inside(image, "pip", "check") == "No broken requirements found."


def test_constraints_are_the_lock_s(row, image):
    """Derived images install within the versions of the lock."""
    told = inside(image, "sh", "-c", 'cat "$PIP_CONSTRAINT"').splitlines()
    locked = locks.read(matrix.load().root / row.lock)
    assert told == [f"{name}=={version}" for name, version in locked.items()]


def test_the_interpreter_is_the_row_s(row, image):
    """The Python inside is the one that the row promises."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    assert inside(image, "python", "-c", code) == row.python


def test_the_command_says_the_release(row, image):
    """`serving-runtime --version` in the image is the release of its tag."""
    assert inside(image, "serving-runtime", "--version") == f"serving-runtime {row.release}"


def test_labels_are_the_row_s(row, image):
    """Labels say what the image is, and of which commit."""
    labels = docker.inspect(image)["Config"]["Labels"]
    assert {name: labels.get(name) for name in row.labels} == row.labels
    assert labels["org.opencontainers.image.revision"]
    assert labels["org.opencontainers.image.created"]


def test_the_image_declares_its_port_and_volume(image):
    """Orchestrators see where the model goes and where the service is."""
    config = docker.inspect(image)["Config"]
    assert set(config["ExposedPorts"]) == {"9090/tcp"}
    assert set(config["Volumes"]) == {"/model"}


def test_every_tag_is_the_same_image(row):
    """All of a row's names are given to what was built last."""
    assert len({docker.inspect(name)["Id"] for name in row.references}) == 1


def test_nothing_that_builds_is_inside(image):
    """There is no compiler and no cache of packages: neither serves a model."""
    tools = inside(image, "sh", "-c", f"command -v {' '.join(COMPILERS)} || true")
    assert tools == ""
    files = inside(image, "find", "/root", "/home", "/tmp", "/var/tmp", "-type", "f", user="0")
    assert [path for path in files.splitlines() if ".cache" in path] == []


def test_nothing_is_written_into_the_model(run, model, sample, tmp_path):
    """Start, a call and stop leave a model directory that everybody may write as it was."""
    copy = copy_of(model, tmp_path)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = snapshot(copy)
    container = run(PUBLISHED, mounted(copy, "rw"))
    connection = Connection(container.address)
    connection.wait_until_serving()
    assert connection.answer(sample).status == "OK"
    connection.channel.close()
    container.stop()
    assert snapshot(copy) == before


def snapshot(folder):
    """Return what is in a folder, with the times of its last changes."""
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
