import hashlib
import zipfile

import pytest

from tools.command_line import ToolError
from tools.locks import downloads

WHEEL = "toy-1.0+cpu-cp36-cp36m-linux_x86_64.whl"
METADATA = "Metadata-Version: 2.1\nName: toy\nVersion: 1.0+cpu\n"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The one folder that pip is told of, with a wheel for another Python than runs the tool."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("toy-1.0+cpu.dist-info/METADATA", METADATA)
        archive.writestr("toy-1.0+cpu.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("toy-1.0+cpu.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    """Where a checkout's downloads for a framework go."""
    made = downloads.folder_of("toy", tmp_path)
    made.parent.mkdir(parents=True)
    return made


def test_a_wheel_is_fetched_from_where_pip_is_told_to_look(index, folder):
    """It is for the row's interpreter, whichever runs the tool."""
    downloads.fetch(["toy==1.0+cpu"], "3.6", folder)
    assert [path.name for path in folder.iterdir()] == [WHEEL]


def test_a_wheel_that_is_there_needs_no_index(index, folder):
    """What was fetched once, or put there by hand, is used."""
    downloads.fetch(["toy==1.0+cpu"], "3.6", folder)
    (index / WHEEL).unlink()
    downloads.fetch(["toy==1.0+cpu"], "3.6", folder)
    assert (folder / WHEEL).exists()


def test_a_wheel_that_the_lock_does_not_know_is_refused(index, folder):
    """A pin's hash decides, and the message names the pin without it."""
    digest = hashlib.sha256((index / WHEEL).read_bytes()).hexdigest()
    with pytest.raises(ToolError, match=r"^toy==1\.0\+cpu: pip found no wheel"):
        downloads.fetch([f"toy==1.0+cpu \\\n    --hash=sha256:{'0' * 64}\n"], "3.6", folder)
    assert list(folder.iterdir()) == []
    downloads.fetch([f"toy==1.0+cpu \\\n    --hash=sha256:{digest}\n"], "3.6", folder)


def test_who_reaches_no_index_is_told_what_to_set(index, folder):
    """The message names the two variables."""
    with pytest.raises(ToolError, match=r"for Python 3\.11.* PIP_EXTRA_INDEX_URL .*FIND_LINKS"):
        downloads.fetch(["toy==1.0+cpu"], "3.11", folder)


def test_nothing_to_fetch_leaves_no_folder(folder):
    """Frameworks whose wheels are on PyPI have none."""
    downloads.fetch([], "3.11", folder)
    assert not folder.exists()
