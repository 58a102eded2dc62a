import re

import pytest

from tests.tools.conftest import TODAY
from tools import locks
from tools.images import document
from tools.locks import wheels
from tools.matrix.checks import problems
from tools.rows import Status, load
from tools.rows.reader import ROOT

REAL = load(environment={})


def test_matrix_agrees_with_the_checkout():
    """Every row can be built, and every runtime has rows (the calendar is `make lint`'s)."""
    assert problems(REAL, TODAY) == []


def test_document_of_images_is_what_the_matrix_says():
    """Nobody changed a row without `make matrix-table`."""
    document.check(REAL)


def test_seeds_tags_exist():
    """The tag that Hydrosphere's users know is still built, the older ones say why not."""
    assert "3.6-latest" in REAL.row("python", "3.6").tags
    assert {REAL.row("python", version).status for version in ("3.4", "3.5")} == {Status.EOL}


@pytest.mark.parametrize("row", REAL.built, ids=lambda row: row.name)
def test_lock_pins_everything_asked_for(row):
    """Each requirement is in the lock, and every line of it is a hashed pin."""
    pins = locks.read(ROOT / row.lock)
    wanted = (re.split(r"[^\w.-]", line)[0] for line in locks.requirements(ROOT, row))
    assert {name.lower().replace("_", "-") for name in wanted} <= pins.keys()


@pytest.mark.parametrize("runtime", REAL.runtimes)
def test_wheels_of_our_own_are_those_in_the_locks(runtime):
    """Each wheel that the repository keeps has its source, and is what some lock says."""
    folder = wheels.folder_of(runtime)
    locked = "".join((ROOT / row.lock).read_text() for row in REAL.rows_of(runtime) if row.is_built)
    pinned = set(re.findall(r"^(\S+==\S+) \\\n +--hash=sha256:(\w+)\n(?! )", locked, re.MULTILINE))
    kept = {("==".join(name.split("-")[:2]), of) for name, of in wheels.hashes(folder).items()}
    assert kept <= pinned
    sources = folder / wheels.SOURCES
    named = locks.read(sources) if sources.exists() else {}
    assert {name for name, _ in kept} == {"==".join(source) for source in named.items()}


@pytest.mark.parametrize("row", REAL.built, ids=lambda row: row.name)
def test_locks_name_no_registry(row):
    """Where packages come from is the builder's choice, not the lock's."""
    assert not re.search(r"https?:|^-", (ROOT / row.lock).read_text(), re.MULTILINE)
