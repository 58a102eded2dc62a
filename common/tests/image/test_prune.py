"""What an image's install step removes, tried on packages as pip leaves them."""

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "image" / "prune.py"


@pytest.fixture
def prune():
    """Return the program as a module; it is no part of a package."""
    spec = importlib.util.spec_from_file_location("prune", str(PROGRAM))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path):
    """Return an empty folder site-packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return folder


def install(site, name, files):
    """Put a package's files there, and its RECORD, as pip does."""
    info = f"{name}-1.0.dist-info"
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    lines = [f'"{path}",sha256=x,{len(text)}\n' for path, text in files.items()]
    (site / info).mkdir(exist_ok=True)
    (site / info / "RECORD").write_text("".join([*lines, f"{info}/RECORD,,\n"]))
    return site / info / "RECORD"


def recorded(record):
    """Return the files that a RECORD names."""
    with record.open(newline="") as file:
        return [line[0] for line in csv.reader(file)]


def left(site):
    """Return the modules that are left."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.py"))


@pytest.fixture
def lock(tmp_path):
    """Return a lock of one package, spelt as an index spells it."""
    path = tmp_path / "lock.txt"
    path.write_text("# a lock\nmy-toys==1.0 \\\n    --hash=sha256:0\n")
    return path


def test_tests_go_and_the_record_is_told(prune, site, lock):
    """It finds neither a file that it does not know nor a name without a file."""
    files = {"toys/__init__.py": "", "toys/tests/__init__.py": "", "toys/tests/deep/test_a.py": "1"}
    record = install(site, "My_Toys", files)
    assert prune.prune(site, lock, []) == 1
    assert left(site) == ["toys/__init__.py"]
    assert not (site / "toys" / "tests").exists()
    assert recorded(record) == ["toys/__init__.py", "My_Toys-1.0.dist-info/RECORD"]


@pytest.mark.parametrize(
    "code",
    [
        "from .tests import run",
        "def run():\n    from toys.tests import run",
        "import toys.tests.base",
        "from . import tests",
        "from toys import tests as trials",
    ],
)
def test_tests_that_a_module_imports_stay(prune, site, lock, code):
    """A package may offer to run its tests, or take a class from them."""
    install(site, "my_toys", {"toys/__init__.py": code, "toys/tests/__init__.py": ""})
    prune.prune(site, lock, [])
    assert left(site) == ["toys/__init__.py", "toys/tests/__init__.py"]


def test_what_tests_that_stay_import_stays_too(prune, site, lock):
    """They would fail without it, however many lead to each other."""
    files = {
        "toys/__init__.py": "from toys.a.tests import run",
        "toys/a/tests/__init__.py": "import toys.b.tests",
        "toys/b/tests/__init__.py": "",
        "toys/c/tests/__init__.py": "import toys.b.tests",
    }
    install(site, "my_toys", files)
    prune.prune(site, lock, [])
    assert left(site) == sorted(files)[:3]


def test_what_only_pytest_runs_keeps_nothing(prune, site, lock):
    """No model imports a conftest.py."""
    files = {"toys/conftest.py": "from toys.tests import base", "toys/tests/base.py": ""}
    install(site, "my_toys", files)
    prune.prune(site, lock, [])
    assert left(site) == ["toys/conftest.py"]


def test_testing_is_no_test(prune, site, lock):
    """Libraries import each other's `testing`, and some call a part of what they offer `test`."""
    files = {"toys/testing/__init__.py": "", "toys/test/__init__.py": "", "toys/tests.py": ""}
    install(site, "my_toys", files)
    prune.prune(site, lock, [])
    assert left(site) == sorted(files)


def test_paths_go_whoever_imports_them(prune, site, lock):
    """A framework's headers and programs are known to its Dockerfile only."""
    record = install(site, "my_toys", {"toys/include/a.h": "1", "toys/included.h": "1"})
    assert prune.prune(site, lock, ["toys/include", "toys/missing"]) == 1
    assert recorded(record)[0] == "toys/included.h"


def test_what_is_not_of_the_lock_is_left_alone(prune, site, lock):
    """What the base has brought would stay in its layer, and pip must go on working."""
    install(site, "pip", {"pip/__init__.py": "", "pip/tests/__init__.py": ""})
    prune.prune(site, lock, [])
    assert left(site) == ["pip/__init__.py", "pip/tests/__init__.py"]


def test_licences_of_tests_stay(prune, site, lock):
    """They are not ours to remove, and are beside the modules."""
    licence = "my_toys-1.0.dist-info/licenses/tests/LICENSE"
    install(site, "my_toys", {licence: "free"})
    prune.prune(site, lock, [])
    assert (site / licence).read_text() == "free"


def test_templates_are_no_modules(prune, site, lock):
    """A file that does not compile is passed over."""
    files = {"toys/new.py": "{{ name }} tests", "toys/tests/__init__.py": ""}
    install(site, "my_toys", files)
    prune.prune(site, lock, [])
    assert left(site) == ["toys/new.py"]


def test_it_runs_as_a_program(lock):
    """The install step runs it by the image's own Python, and shows how much was removed."""
    lock.write_text("")
    command = [sys.executable, str(PROGRAM), str(lock), "nothing/there"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    assert run.stdout.decode() == "removed 0 MB that no model imports\n"
