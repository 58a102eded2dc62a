"""The rooms of docs/architecture.md may not blur: who imports what, read and run."""

import re
import subprocess
import sys

import pytest

from tests.layers.imports import circles, foreign_siblings, is_in_any, read_tree
from tests.layers.rooms import (
    COMMON,
    FRAMEWORKS,
    PACKAGES,
    PROTOBUF,
    ROOT,
    SHARED_BY_PROTOCOLS,
    TO_COME,
    TREE,
)
from tests.layers.rules import RULES

RUNTIME_NAME = re.compile(r"\b[a-z]+_runtime\b")
FOLDERS = [COMMON, ROOT / "tools", ROOT / "tests", ROOT / "experiments", *PACKAGES]
BOTH_SIDES = ("serving_runtime.protocols", "serving_runtime.worker", "numpy", *FRAMEWORKS)

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))


def inside(modules, *packages):
    """Return the modules that are in some packages."""
    return sorted(name for name in modules if is_in_any(name, packages))


def loaded_by(statement):
    """Return the modules that are there after a statement in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    return set(run.stdout.decode().split())


@each_rule
def test_rules_hold(rule):
    """No module imports or names what its layer must not know."""
    assert rule.broken_in(TREE) == [], rule.why


@each_rule
def test_rules_speak_of_what_is_there(rule):
    """Each rule binds a module, and names rooms that exist: a wrong name would forbid nothing."""
    ours = [name for name in (*rule.who, *rule.never, *rule.but, *rule.may) if _is_ours(name)]
    missing = {name for name in ours if name not in TREE and not inside(TREE, name)}
    assert missing <= set(TO_COME)
    assert any(map(rule.concerns, TREE)) or set(rule.who) <= set(TO_COME)


def test_protocols_do_not_import_each_other():
    """A protocol is a folder of its own; what two of them need stands in a shared one."""
    assert foreign_siblings(TREE, "serving_runtime.protocols", SHARED_BY_PROTOCOLS) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_imports_in_a_circle(folder):
    """Whoever reads a module can read what it stands on first, by file and by folder."""
    assert circles(read_tree(folder)) == []


def test_a_running_front_has_no_numpy():
    """Nothing that the front imports brings arrays, protocols or the worker along."""
    modules = loaded_by("import serving_runtime.server.server")
    assert "grpc" in modules
    assert inside(modules, *BOTH_SIDES, "serving_runtime.validation") == []


def test_a_front_of_the_command_line_has_no_numpy():
    """The verb `serve` itself keeps the front as light, up to the moment it listens."""
    modules = loaded_by(
        "import serving_runtime.cli, serving_runtime.service, serving_runtime.server.server\n"
        "from serving_runtime.cli import main, serve\n"
    )
    heavy = ["numpy", "yaml", "tabulate", "serving_runtime.protocols", "serving_runtime.worker"]
    assert inside(modules, *heavy) == []


def test_the_first_worker_is_started_before_the_front_imports_what_it_needs():
    """The worker takes longest to start, and what the front imports would come on top."""
    modules = loaded_by("import serving_runtime.cli.serve, serving_runtime.service")
    assert "serving_runtime.server.workers.processes" in modules
    heavy = ["grpc", "asyncio", "google", "hydro_serving_grpc", "serving_runtime.server.server"]
    assert inside(modules, *heavy) == []


def test_a_running_worker_has_no_grpc():
    """Nothing that a worker imports, loaders included, brings grpc or the front along."""
    # A framework need not be installed here; its loader is looked at where it is.
    loaders = [
        f"with contextlib.suppress(ModuleNotFoundError):\n    import {package.name}.loader"
        for package in PACKAGES
        if _is_installed(package)
    ]
    modules = loaded_by("\n".join(["import contextlib, serving_runtime.worker.process", *loaders]))
    assert "numpy" in modules
    assert inside(modules, "grpc", "serving_runtime.server", "serving_runtime.cli") == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_loader_reads_no_variables(package):
    """Settings come to a loader as arguments, so what it does can be seen where it is called."""
    names = TREE[f"{package.name}.loader"].names
    assert names & {"environ", "getenv", "environb"} == set()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_framework_is_described_without_importing_it(package):
    """Every start looks at each framework's package, so its ``__init__`` imports nothing heavy."""
    roots = {name.partition(".")[0] for name in TREE[package.name].imports}
    assert roots <= {"pathlib", "typing", "os", "re", "json", "serving_runtime"}
    if _is_installed(package):
        modules = loaded_by(f"import {package.name}")
        assert inside(modules, "numpy", "google", "grpc", f"{package.name}.loader") == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_messages_of_a_runtime_stay_in_one_module(package):
    """A runtime whose users write messages has one module for them; the others see arrays."""
    users = [name for name in inside(TREE, package.name) if inside(TREE[name].imports, *PROTOBUF)]
    assert users in ([], [f"{package.name}.messages"])


def test_no_framework_is_named_in_common():
    """Adding a framework changes nothing in common, so common names no runtime's package."""
    naming = {
        str(path.relative_to(ROOT)): found
        for path in (ROOT / "common").rglob("*.py")
        if "tests" not in path.parts
        for found in [set(RUNTIME_NAME.findall(path.read_text(encoding="utf-8")))]
        if found - {"serving_runtime"}
    }
    assert naming == {}


def _is_ours(name):
    return name.partition(".")[0] in {"serving_runtime", "tools", "tests", *FRAMEWORKS}


def _is_installed(package):
    """Return whether a framework's package can be imported here."""
    find = f"import importlib.util as u, sys; sys.exit(not u.find_spec('{package.name}'))"
    return subprocess.run([sys.executable, "-c", find], check=False).returncode == 0
