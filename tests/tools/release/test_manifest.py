import json

import pytest

from tests.tools.release.fakes import IMAGE, NEWER, digest
from tools.command_line import ToolError
from tools.release import __main__ as command
from tools.release import manifest

OTHER = IMAGE._replace(runtime="onnx", version="1", framework=("onnx==1.0", "numpy"))


@pytest.fixture
def merge(tmp_path, monkeypatch):
    """Write records in that order, and run the verb."""
    monkeypatch.setattr(command, "load", lambda: command.Matrix(tmp_path, ()))

    def merge(*images, options=()):
        for image in images:
            path = manifest.write_record(tmp_path, image)
            path.with_name(image.sbom).write_text("{}")
        return command.main(["manifest", *options])

    return merge


def test_a_manifest_says_what_the_records_say(merge, tmp_path):
    """Read back, they are equal, in the order that people count in."""
    assert merge(NEWER, IMAGE, OTHER) == 0
    read = manifest.read(tmp_path / manifest.MANIFEST)
    assert read == manifest.Manifest("0.1.0", "4be1", (OTHER, IMAGE, NEWER))
    assert read.images[1].reference == f"hydrosphere/serving-runtime-python@{digest('a')}"


def test_the_same_records_make_the_same_files(merge, tmp_path):
    """In whatever order they were written, and with the last manifest beside them."""
    assert merge(NEWER, IMAGE) == 0
    files = [tmp_path / manifest.MANIFEST, (tmp_path / manifest.MANIFEST).with_suffix(".md")]
    written = [path.read_bytes() for path in files]
    assert merge(IMAGE, NEWER) == 0
    assert [path.read_bytes() for path in files] == written


def test_people_get_a_table(merge, tmp_path):
    """One line an image, with what pulls exactly it."""
    merge(IMAGE)
    text = (tmp_path / manifest.FOLDER / "manifest.md").read_text()
    assert text.startswith("# Images of release 0.1.0\n\nMade of commit `4be1`.")
    line = text.splitlines()[-1]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        IMAGE.image, "3.9-0.1.0, 3.9-latest", "legacy", "3.9", "219 MB", f"`{IMAGE.digest}`",
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["release", "revision"])
def test_records_of_several_releases_are_refused(merge, capsys, tmp_path, what):
    """An older one is still there, or two commits were pushed as one release."""
    assert merge(IMAGE, NEWER._replace(**{what: "0.2"})) == 1
    told = capsys.readouterr().err
    assert f"records of several {what}s in build/release: python/3.9 is of " in told
    assert ", python/3.13 is of 0.2; remove those" in told
    assert not (tmp_path / manifest.MANIFEST).exists()


@pytest.mark.parametrize(
    ("tag", "told"),
    [("v9.9.9", "the tag is v9.9.9, but images are of release {}: expected v{}"), ("v{}", "")],
)
def test_a_release_is_what_its_tag_says(merge, capsys, tag, told):
    """A tag of git on another version would announce what was never built."""
    options = ["--tag", tag.format(IMAGE.release)]
    assert merge(IMAGE, options=options) == (1 if told else 0)
    assert told.format(IMAGE.release, IMAGE.release) in capsys.readouterr().err


def test_a_release_of_files_that_are_not_committed_is_refused(merge, capsys):
    """Nobody could build it again."""
    assert merge(IMAGE._replace(revision="abc-dirty")) == 1
    assert "were built of files that are not committed (abc-dirty)" in capsys.readouterr().err


def test_nothing_pushed_makes_no_manifest(merge, capsys):
    """The message says what to do first."""
    assert merge() == 1
    assert capsys.readouterr().err == "no records in build/release: push first, by `make push`\n"


def broken(change):
    """Write a manifest's content with a change."""
    content = {"release": "0.1.0", "revision": "4be1", "images": [IMAGE._asdict()]}
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "expected a JSON object"),
        ("{}", "no records"),
        (broken(lambda it: it.update(images=["x"])), "has no attribute 'items'; it is of another"),
        (broken(lambda it: it["images"][0].pop("size_bytes")), "'size_bytes'"),
        (broken(lambda it: it["images"][0].update(more="")), "'more'"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path, text, told):
    """The message says what is wrong, and where."""
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(ToolError, match=told):
        manifest.read(path)


def test_a_manifest_that_is_not_there_can_be_made(tmp_path):
    """The message names the verb."""
    with pytest.raises(ToolError, match="make one by `make manifest`"):
        manifest.read(tmp_path / "manifest.json")
