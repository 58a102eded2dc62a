"""Turn `protos/` into what `hydro_serving_grpc` loads, and prove that the two agree.

From every proto: one descriptor set, which carries all messages. From those that user
code imports: a module that hands out their messages, its type stub for editors and, as
grpc's generator would write it, a module for services (by hand where there is one).
"""

import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from tools import command_line

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGES = ROOT / "common"
DESCRIPTOR_SET = Path("hydro_serving_grpc/descriptors.binpb")
MODULES = (
    "hydro_serving_grpc/contract/",
    "hydro_serving_grpc/serving/",
    "hydro_serving_grpc/tf/",
)
"""Which protos user code imports as modules; all others are reached by message name."""

REMEDY = "run `python -m tools.protos generate`"

SHIM = '''"""Hands out what {proto} defines."""

from hydro_serving_grpc import _pool

globals().update(_pool.module_contents(__name__))
'''
NO_SERVICES = '''"""Empty, since {proto} defines no service; grpc's generator writes it too."""
'''
STUB_HEADER = """# mypy: disable-error-code="type-arg"
# (protoc writes a bare Mapping, which mypy --strict refuses)
"""


def _run_protoc(protos: Path, names: list[str], *options: str) -> None:
    """Run protoc, which explains itself on standard error."""
    bundled = resources.files("grpc_tools") / "_proto"
    if protoc.main(["protoc", f"-I{protos}", f"-I{bundled}", *options, *names]) != 0:
        raise command_line.ToolError(f"protoc refuses {protos}, see above")


def generate(protos: Path, packages: Path) -> None:
    """Write everything that is made from the protos.

    Args:
        protos: the folder that imports are relative to.
        packages: the folder that holds, or will hold, `hydro_serving_grpc`.
    """
    names = sorted(path.relative_to(protos).as_posix() for path in protos.rglob("*.proto"))
    descriptor_set = packages / DESCRIPTOR_SET
    descriptor_set.parent.mkdir(parents=True, exist_ok=True)
    _run_protoc(protos, names, "--include_imports", f"--descriptor_set_out={descriptor_set}")
    modules = [name for name in names if name.startswith(MODULES)]
    _run_protoc(protos, modules, f"--pyi_out={packages}")
    for file in FileDescriptorSet.FromString(descriptor_set.read_bytes()).file:
        if file.name in modules:
            _write_modules(packages / file.name.removesuffix(".proto"), file)


def _write_modules(stem: Path, file: FileDescriptorProto) -> None:
    """Write one proto's Python modules, and make its stub acceptable to mypy."""
    stem.with_name(f"{stem.name}_pb2.py").write_text(SHIM.format(proto=file.name))
    stub = stem.with_name(f"{stem.name}_pb2.pyi")
    stub.write_text(STUB_HEADER + stub.read_text())
    if not file.service:
        services = stem.with_name(f"{stem.name}_pb2_grpc.py")
        services.write_text(NO_SERVICES.format(proto=file.name))


def check(protos: Path, packages: Path) -> list[str]:
    """Return a line for each checked-in file that the protos give otherwise, with what to do."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(protos, fresh)
        expected = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
        complaints = [_disagreement(fresh / name, packages / name) for name in sorted(expected)]
        complaints += _missing_services(fresh, packages)
    return [*filter(None, complaints), *_strays(protos, packages, expected)]


def _disagreement(fresh: Path, checked_in: Path) -> str:
    """Return what is wrong with a checked-in file, if anything."""
    if not checked_in.exists():
        return f"{checked_in}: missing; {REMEDY}"
    if fresh.read_bytes() != checked_in.read_bytes():
        return f"{checked_in}: differs from what the protos give; {REMEDY}"
    return ""


def _missing_services(fresh: Path, packages: Path) -> Iterator[str]:
    """Yield a line for each module by hand that is not there: only services leave it to us."""
    for module in sorted(fresh.rglob("*_pb2.py")):
        services = module.with_name(f"{module.stem}_grpc.py").relative_to(fresh)
        if not (fresh / services).exists() and not (packages / services).exists():
            yield f"{packages / services}: missing; write the proto's stub and servicer by hand"


def _strays(protos: Path, packages: Path, expected: set[Path]) -> Iterator[str]:
    """Yield a line for each module that no proto gives; those by hand are a service's."""
    for path in sorted((packages / DESCRIPTOR_SET.parent).rglob("*_pb2*.py*")):
        name = path.relative_to(packages)
        proto = protos / (name.as_posix().removesuffix("_pb2_grpc.py") + ".proto")
        if path.suffix in {".py", ".pyi"} and name not in expected and not proto.exists():
            yield f"{path}: no proto in {protos} gives it; delete it"


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.protos", __doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("generate", help="write the descriptor set, the modules and their stubs")
    commands.add_parser("check", help="fail if what is checked in differs from the protos")
    if parser.parse_args(arguments).command == "generate":
        generate(PROTOS, PACKAGES)
        return 0
    complaints = check(PROTOS, PACKAGES)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
