"""The rooms of docs/architecture.md may not blur: who imports what, read and run."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMMON = ROOT / "common"
OURS = COMMON / "serving_runtime"
LOADERS = sorted(ROOT.glob("runtimes/*/*_runtime/loader.py"))
PACKAGES = sorted(path.parent for path in ROOT.glob("runtimes/*/*_runtime/__init__.py"))
FRAMEWORKS = {package.name for package in PACKAGES}
# What a loader must not touch: the network, the wire, and settings that do not come to it.
OUTSIDE = {"grpc", "google", "hydro_serving_grpc", "socket", "asyncio", "ssl", "http", "urllib"}
SEAM = {
    "serving_runtime.model",
    "serving_runtime.signature",
    "serving_runtime.errors",
    "serving_runtime.framework",
}
# The protocols' folders; what several of them share is in folders named after the encoding.
FOLDERS = {path.parent.name for path in (OURS / "protocols").glob("*/__init__.py")} - {
    "protobuf",
    "json",
}
TENSORFLOW_SERVING_PHRASES = re.compile(
    "tensor alias|signature is not present|does not match signature|output_filter"
)
PROTOBUF = {"google", "hydro_serving_grpc"}
RUNTIME_NAME = re.compile(r"\b[a-z]+_runtime\b")
# Where messages are used: the wire, contracts, the front's own services, and clients.
MESSAGE_ROOMS = re.compile(r"protocols/|contract|server/grpc/|client/|cli/")


def imports_of(path):
    """Return every module that a file imports, wherever in it, as absolute names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            # `from package import module` names a module; from a module, a name of it.
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def roots_of(names):
    """Return the top-level packages of modules."""
    return {name.partition(".")[0] for name in names}


def inside(names, *packages):
    """Return the names that are these modules or inside them."""
    return sorted(
        name for name in names for it in packages if name == it or name.startswith(it + ".")
    )


def files_of(room):
    """Return the modules of one room."""
    files = sorted((OURS / room).glob("**/*.py"))
    assert files, room
    return files


def loaded_by(statement):
    """Return the modules that are there after a statement in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    return set(run.stdout.decode().split())


@pytest.mark.parametrize("path", files_of("server"), ids=lambda path: path.name)
def test_the_front_never_imports_the_worker_or_the_wire(path):
    """A front that reads arrays, or runs a framework, would die with the model."""
    names = imports_of(path)
    assert inside(names, "serving_runtime.worker", "serving_runtime.protocols", "numpy") == []
    assert inside(names, *FRAMEWORKS) == []


@pytest.mark.parametrize("path", files_of("worker"), ids=lambda path: path.name)
def test_the_worker_never_imports_the_front_or_grpc(path):
    """A worker answers on its socket pair and knows nothing of the network."""
    assert inside(imports_of(path), "serving_runtime.server", "grpc") == []


@pytest.mark.parametrize("path", files_of("validation"), ids=lambda path: path.name)
def test_validation_knows_no_protocol(path):
    """What it finds is data, which each protocol words for its own clients."""
    assert inside(imports_of(path), "serving_runtime.protocols", *PROTOBUF) == []


@pytest.mark.parametrize("path", files_of("worker"), ids=lambda path: path.name)
def test_the_worker_knows_the_registry_only(path):
    """A new protocol changes nothing in the worker."""
    names = inside(imports_of(path), *[f"serving_runtime.protocols.{name}" for name in FOLDERS])
    assert names == []


@pytest.mark.parametrize(
    "path", files_of("protocols"), ids=lambda path: str(path.relative_to(OURS))
)
def test_protocols_do_not_import_each_other(path):
    """What two of them need has a folder of its own, such as protobuf's."""
    if path.parent.name in FOLDERS:
        others = FOLDERS - {path.parent.name}
        names = imports_of(path)
        assert inside(names, *[f"serving_runtime.protocols.{name}" for name in others]) == []


@pytest.mark.parametrize("path", files_of("."), ids=lambda path: str(path.relative_to(OURS)))
def test_a_protocols_phrases_stay_in_its_folder(path):
    """TensorFlow Serving's words mean nothing to the clients of another protocol."""
    if path.relative_to(OURS).parts[:2] != ("protocols", "tensorflow_serving"):
        assert TENSORFLOW_SERVING_PHRASES.findall(path.read_text(encoding="utf-8")) == []


def test_a_running_front_has_no_numpy():
    """Nothing that the front imports brings arrays, the wire or the worker along."""
    modules = loaded_by("import serving_runtime.server.server")
    assert "grpc" in modules
    heavy = ["numpy", "serving_runtime.protocols", "serving_runtime.worker", *FRAMEWORKS]
    assert inside(modules, *heavy) == []


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
        f"with contextlib.suppress(ModuleNotFoundError):\n    import {path.parent.name}.loader"
        for path in LOADERS
        if _is_installed(path)
    ]
    imports = ["import contextlib, serving_runtime.worker.process", *loaders]
    modules = loaded_by("\n".join(imports))
    assert "numpy" in modules
    assert inside(modules, "grpc", "serving_runtime.server", "serving_runtime.cli") == []


@pytest.mark.parametrize("path", LOADERS, ids=lambda path: path.parent.name)
def test_a_loader_imports_the_seam_only(path):
    """A loader knows model, signature and errors of ours, and neither sockets nor settings."""
    names = imports_of(path)
    ours = {name for name in inside(names, "serving_runtime") if not inside([name], *SEAM)}
    assert ours == set()
    assert roots_of(names) & OUTSIDE == set()
    assert "environ" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_framework_is_described_without_importing_it(package):
    """Every start looks at each framework's package, so its ``__init__`` imports nothing heavy."""
    allowed = roots_of(imports_of(package / "__init__.py")) - {"serving_runtime"}
    assert allowed <= {"pathlib", "typing", "os", "re", "json"}
    if _is_installed(package / "loader.py"):
        modules = loaded_by(f"import {package.name}")
        assert inside(modules, "numpy", "google", "grpc", f"{package.name}.loader") == []


@pytest.mark.parametrize("path", files_of("."), ids=lambda path: str(path.relative_to(OURS)))
def test_messages_stay_in_their_rooms(path):
    """Protobuf is used in the wire, contracts, health, reflection and clients only."""
    if not MESSAGE_ROOMS.match(path.relative_to(OURS).as_posix()):
        assert roots_of(imports_of(path)) & PROTOBUF == set()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_messages_of_a_runtime_stay_in_one_module(package):
    """A runtime whose users write messages has one module for them; the others see arrays."""
    users = [path.name for path in sorted(package.glob("*.py")) if _uses_protobuf(path)]
    assert users in ([], ["messages.py"])


@pytest.mark.parametrize("name", ["errors", "signature"])
def test_the_foundations_import_nothing_of_ours(name):
    """Everything may depend on errors and signature, so they depend on nothing."""
    names = imports_of(OURS / f"{name}.py")
    assert inside(names, "serving_runtime", "hydro_serving_grpc", *FRAMEWORKS) == []


def test_no_framework_is_named_in_common():
    """Adding a framework changes nothing in common, so common names no runtime's package."""
    naming = {
        str(path.relative_to(COMMON)): found
        for path in COMMON.rglob("*.py")
        if "tests" not in path.parts
        for found in [set(RUNTIME_NAME.findall(path.read_text(encoding="utf-8")))]
        if found - {"serving_runtime"}
    }
    assert naming == {}


def _uses_protobuf(path):
    return bool(roots_of(imports_of(path)) & PROTOBUF)


def _is_installed(loader):
    """Say whether a framework's package can be imported here."""
    find = f"import importlib.util as u, sys; sys.exit(not u.find_spec('{loader.parent.name}'))"
    return subprocess.run([sys.executable, "-c", find], check=False).returncode == 0
