import hashlib
import io
import tarfile
import zipfile

import pytest

from tools.command_line import ToolError
from tools.locks import wheels

SETUP = """
from setuptools import setup
setup(name="toy", version="1.0", py_modules=["toy"])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A runtime's folder of wheels, with one source that needs no network to be had."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    sdist = tmp_path / "toy-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, text in (("setup.py", SETUP), ("toy.py", "TOY = 1\n")):
            entry = tarfile.TarInfo(f"toy-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    made = wheels.folder_of("toy", tmp_path)
    made.mkdir(parents=True)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    (made / wheels.SOURCES).write_text(f"toy @ {sdist.as_uri()} --hash=sha256:{digest}\n")
    return made


def test_a_wheel_is_made_of_each_source_again_and_again(folder):
    """Whoever builds it, the wheel is the same to the last byte; what is named no more goes."""
    (folder / "older-0.9-py3-none-any.whl").touch()
    wheels.make(folder)
    before = wheels.hashes(folder)
    assert list(before) == ["toy-1.0-py3-none-any.whl"]
    wheels.make(folder)
    assert wheels.hashes(folder) == before
    with zipfile.ZipFile(folder / "toy-1.0-py3-none-any.whl") as wheel:
        assert {entry.date_time for entry in wheel.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_source_that_is_another_is_refused(folder, capfd):
    """A source whose hash is not the one written down builds nothing, and the wheels stay."""
    (folder / "toy-1.0-py3-none-any.whl").touch()
    sources = folder / wheels.SOURCES
    sources.write_text(sources.read_text().split("sha256:")[0] + f"sha256:{'0' * 64}\n")
    with pytest.raises(ToolError, match="could not build all of it"):
        wheels.make(folder)
    assert "DO NOT MATCH" in capfd.readouterr().err
    assert (folder / "toy-1.0-py3-none-any.whl").exists()
