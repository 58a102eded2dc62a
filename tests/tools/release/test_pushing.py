import time

import pytest

from tests.tools.release.fakes import IMMUTABLE, ROW, Docker, digest, image
from tools.command_line import ToolError
from tools.release import __main__ as command
from tools.release import manifest, pushing, registry, sbom

MOVING = [f"{ROW.image}:{tag}" for tag in ROW.moving_tags]
PREVIEW = f"{ROW.image}:{ROW.version}-preview"


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """An engine with the row's verified image, an empty registry, and time that does not pass."""
    made = Docker({name: image("ours") for name in ROW.references})
    made.waits = []
    monkeypatch.setattr(pushing.docker, "output", made.output)
    monkeypatch.setattr(pushing.docker, "inspect", made.inspect)
    monkeypatch.setattr(time, "sleep", made.waits.append)
    bill = manifest.sbom_of(tmp_path, ROW.runtime, ROW.version)
    bill.parent.mkdir(parents=True)
    bill.write_text("{}")
    monkeypatch.setattr(sbom, "make", lambda row, root: bill)
    return made


@pytest.fixture
def push(fake, tmp_path):
    """Push the row, and return its record and what was told."""

    def push():
        told = []
        return pushing.push(ROW, tmp_path, told.append), "\n".join(told)

    return push


def test_the_tag_that_never_moves_is_pushed_first(fake, push, tmp_path):
    """Then the others; what the registry says is recorded."""
    published, _ = push()
    assert fake.pushed == [IMMUTABLE, *MOVING]
    assert manifest.records(tmp_path) == [published]
    assert published.digest == fake.registry[IMMUTABLE]["Descriptor"]["digest"]
    assert published.tags == (ROW.immutable_tag, *ROW.moving_tags)
    assert (published.size_bytes, published.revision) == (265_000_000, "4be1")


@pytest.mark.parametrize("is_by_manifest", [False, True])
def test_an_image_that_is_there_already_is_not_pushed_again(fake, push, is_by_manifest):
    """Whether the engine calls it by its configuration or its manifest; moving tags go on."""
    fake.is_by_manifest = is_by_manifest
    first, _ = push()
    again, told = push()
    assert again == first
    assert fake.pushed == [IMMUTABLE, *MOVING, *MOVING]
    assert f"{IMMUTABLE} is there already" in told


def test_a_list_of_manifests_is_recognised_by_its_own_digest(fake, push):
    """Builds with attestations are lists, which an engine calls by the list's digest."""
    parts = [fake.described(digest(name), digest(f"{name} id"), "OCIManifest") for name in "ab"]
    fake.registry[IMMUTABLE] = fake.registry[f"{ROW.image}@{digest('ours')}"] = parts
    published, _ = push()
    assert fake.pushed == MOVING
    assert published.digest == digest("ours")


@pytest.mark.parametrize("count", [1, 2])
def test_another_image_is_never_given_the_immutable_tag(fake, push, count, tmp_path):
    """Nothing is pushed or recorded, and the message has both digests and the way out."""
    theirs = [fake.described(digest(f"there {n}"), digest(f"theirs {n}")) for n in range(count)]
    fake.registry[IMMUTABLE] = theirs[0] if count == 1 else theirs
    with pytest.raises(ToolError) as caught:
        push()
    assert str(caught.value).startswith(f"{IMMUTABLE} is another image already: the registry has")
    for told in (digest("there 0"), digest("theirs 0"), digest("ours"), "raise the version in"):
        assert told in str(caught.value)
    assert fake.pushed == manifest.records(tmp_path) == []


def test_a_row_without_an_image_is_to_be_built(fake, push):
    """A candidate that nothing was verified of has no such names."""
    del fake.images[IMMUTABLE]
    with pytest.raises(ToolError, match=f"{IMMUTABLE}; build it first: make image/"):
        push()


def test_names_of_different_images_are_not_pushed(fake, push):
    """Something was tagged by hand, and nobody knows which of them was verified."""
    fake.images[MOVING[0]] = image("another")
    with pytest.raises(ToolError, match="are different images; build it first"):
        push()


def test_a_failure_that_may_pass_is_tried_again(fake, push):
    """Later each time, and told each time."""
    fake.failures = ["received unexpected HTTP status: 503", "i/o timeout"]
    _, told = push()
    assert fake.waits == [2, 10]
    assert "received unexpected HTTP status: 503; again in 2 s" in told
    assert "i/o timeout; again in 10 s" in told
    assert fake.pushed == [IMMUTABLE, *MOVING]


def test_a_failure_that_stays_is_told_in_the_end(fake, push):
    """After a few attempts."""
    fake.failures = ["connection refused"] * 10
    with pytest.raises(pushing.docker.DockerError, match="connection refused"):
        push()
    assert fake.waits == list(registry.WAITS_SECONDS)


@pytest.mark.parametrize(
    "told",
    [
        "no basic auth credentials",
        "unauthorized: authentication required",
        "denied: requested access to the resource is denied",
    ],
)
def test_wrong_credentials_are_not_tried_again(fake, push, told):
    """They are given to docker, not to this tool."""
    fake.failures = [told]
    with pytest.raises(ToolError, match="run `docker login 127.0.0.1:1` as who may"):
        push()
    assert fake.waits == []


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("127.0.0.1:5000/a/b:1", True),
        ("localhost:5000/a/b:1", True),
        ("[::1]:5000/a/b:1", True),
        ("127.0.0.1.example.org/a/b:1", False),
        ("registry.example.org:5000/a/b:1", False),
        ("hydrosphere/b:1", False),
    ],
)
def test_only_this_machine_is_spoken_to_without_tls(fake, reference, expected):
    """As the engine itself does."""
    registry.find(reference, print)
    assert ("--insecure" in fake.calls[0]) is expected


def test_a_push_that_tells_no_digest_is_an_error(monkeypatch):
    """The registry's word is what is recorded and signed."""
    monkeypatch.setattr(registry.docker, "output", lambda *_: "latest: Pushed")
    with pytest.raises(registry.docker.DockerError, match="told no digest"):
        registry.push(IMMUTABLE, print)


@pytest.mark.parametrize("layers", [["base"], ["another base"]])
def test_a_base_is_recorded_by_its_digest_if_it_is_beneath(fake, push, layers):
    """A base that was pulled anew since the build is another one."""
    base = {"RepoDigests": [f"python@{digest('base')}"], "RootFS": {"Layers": layers}}
    fake.images[ROW.base] = base
    published, _ = push()
    assert published.base_digest == (digest("base") if layers == ["base"] else "")


@pytest.fixture
def run(fake, monkeypatch, tmp_path):
    """Run the command line over two rows, of which the first has no image."""
    absent = ROW._replace(version="3.12")
    rows = command.Matrix(tmp_path, (absent, ROW))
    monkeypatch.setattr(command, "load", lambda: rows)
    monkeypatch.setattr(command.engine, "ensure", lambda: "20.10")
    return lambda *arguments: command.main(["push", *arguments])


def test_a_row_that_fails_does_not_stop_the_others(run, fake, capsys):
    """The table says what became of each, and the exit code is 1."""
    assert run() == 1
    assert fake.pushed == [IMMUTABLE, *MOVING]
    told = capsys.readouterr().out
    assert "build it first: make image/python/3.12" in told
    *_, failed, pushed = (line.split("|") for line in told.splitlines() if line[:1] == "|")
    assert failed[1].strip() == "python/3.12"
    assert failed[4].strip().startswith("failed: no verified image")
    assert [cell.strip() for cell in pushed[1:5]] == [
        ROW.name, "265 MB", fake.registry[IMMUTABLE]["Descriptor"]["digest"],
        ", ".join((ROW.immutable_tag, *ROW.moving_tags)),
    ]  # fmt: skip


def test_a_dry_run_asks_the_registry_and_pushes_nothing(run, fake, capsys, tmp_path):
    """It fails where the push would."""
    assert run("python", "3.13", "--dry-run") == 0
    assert f"would push {ROW.immutable_tag}, {ROW.moving_tags[0]}" in capsys.readouterr().out
    fake.registry[IMMUTABLE] = fake.described(digest("there"), digest("theirs"))
    assert run("python", "3.13", "--dry-run") == 1
    assert fake.pushed == manifest.records(tmp_path) == []


def test_a_preview_is_of_no_release(run, fake, capsys, tmp_path):
    """Its one tag moves, nothing is recorded, and the engine does not keep its name."""
    assert run("python", "3.13", "--preview", "--dry-run") == 0
    assert fake.pushed == []
    assert run("python", "3.13", "--preview") == 0
    assert fake.pushed == [PREVIEW]
    assert PREVIEW not in fake.images
    assert manifest.records(tmp_path) == []
    assert PREVIEW in capsys.readouterr().out
