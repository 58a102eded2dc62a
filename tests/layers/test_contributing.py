"""CONTRIBUTING.md names the files to touch for a change, and names them as they are."""

import re

import pytest

from tests.layers.rooms import COMMON, ROOT

HEADING = "## Which files to touch\n"
CHANGES = {
    "a metric",
    "a protocol",
    "a transport",
    "a framework",
    "a row",
    "the message for a wrong dtype",
    "how batches are formed",
    "a format of batch scoring",
    "a verb",
    "a setting",
}


def rows_of(text):
    """Return the places of each change in the table of the section, by the change."""
    section = text.split(HEADING)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {change: [place for place in places if place] for change, *places in cells}


def missing(places, common, root):
    """Return the paths that nothing is at; `<name>` stands for any name."""
    paths = [path for place in places for path in re.findall("`([^`]+)`", place)]
    return [path for path in paths if not _found(path, common, root)]


ROWS = rows_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def test_the_table_has_each_kind_of_change():
    """Nobody has to search for where one of the usual changes goes."""
    assert set(ROWS) == CHANGES


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_takes_at_most_three_places(change):
    """Each change has one to three places, and each of them is there."""
    assert 1 <= len(ROWS[change]) <= 3
    assert missing(ROWS[change], COMMON, ROOT) == []


def test_a_path_that_is_not_there_is_found(tmp_path):
    """Files and folders are told apart, and a name that stands for any needs one that fits."""
    (tmp_path / "common" / "inner").mkdir(parents=True)
    (tmp_path / "common" / "inner" / "one.py").touch()
    (tmp_path / "top.yaml").touch()
    there = ["`inner/<name>.py` and `/top.yaml`", "`<folder>/`", "`inner/one.py`"]
    assert missing([*there, "words"], tmp_path / "common", tmp_path) == []
    gone = ["`inner/`, `top.yaml`", "`one.py`, `inner/one/`", "`<name>.py`"]
    assert missing(gone, tmp_path / "common", tmp_path) == [
        *("top.yaml", "one.py", "inner/one/", "<name>.py")
    ]


def _found(path, common, root):
    """Return whether there is a file, or a folder if the path ends so; from the root after `/`."""
    folder = root if path.startswith("/") else common
    found = folder.glob(re.sub("<[a-z]+>", "*", path.strip("/")))
    return any(it.is_dir() == path.endswith("/") for it in found)
