import hashlib
import io
import json
import tarfile

import pytest

from tools.images import layers


def packed(files):
    """Return a tar of files, as (contents, time) by path."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for path, (content, mtime) in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(content), mtime
            archive.addfile(member, io.BytesIO(content))
    return raw.getvalue()


@pytest.fixture
def saved(monkeypatch):
    """Return the images of a fake engine, each a list of layers of files."""
    images = {}

    def save(path, image):
        packs = {f"{n}.tar": packed(files) for n, files in enumerate(images[image])}
        manifest = json.dumps([{"Layers": list(packs)}]).encode()
        content = {"manifest.json": manifest, **packs}
        with open(path, "wb") as file:
            file.write(packed({name: (it, 0) for name, it in content.items()}))

    def inspect(image):
        digests = [hashlib.sha256(packed(files)).hexdigest() for files in images[image]]
        return {"RootFS": {"Layers": digests}}

    monkeypatch.setattr(layers.docker, "output", lambda *command: save(*command[2:]))
    monkeypatch.setattr(layers.docker, "inspect", inspect)
    return images


def test_equal_images_differ_in_nothing(saved):
    """The same files at the same times."""
    saved["one"] = saved["other"] = [{"a": (b"1", 5)}, {"b": (b"2", 5)}]
    assert list(layers.differences("one", "other")) == []


def test_when_a_file_was_removed_does_not_matter(saved):
    """A whiteout is no file, and nothing in a build can set its time."""
    saved["one"], saved["other"] = [{"b/.wh.a": (b"", 5)}], [{"b/.wh.a": (b"", 6)}]
    assert list(layers.differences("one", "other")) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ([{"a": (b"1", 5)}, {"b": (b"3", 5)}], "layer 2: b: "),
        ([{"a": (b"1", 6)}, {"b": (b"2", 5)}], "layer 1: a: "),
        ([{"a": (b"1", 5)}], "layer 2: b: "),
        ([{"a": (b"1", 5), "c": (b"", 5)}, {"b": (b"2", 5)}], "layer 1: c: None and "),
    ],
)
def test_each_file_that_differs_is_told(saved, other, told):
    """By its contents, its time, or by not being there."""
    saved["one"], saved["other"] = [{"a": (b"1", 5)}, {"b": (b"2", 5)}], other
    (difference,) = layers.differences("one", "other")
    assert difference.startswith(told)
