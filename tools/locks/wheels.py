"""Build the wheels of packages that exist as sources only, so that images install only wheels.

`runtimes/<runtime>/wheels/sources.txt` names them with the hashes of their sources. The wheels are
kept beside it, and locks have their hashes: the same sources give the same bytes on every machine.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import command_line

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "sources.txt"

SAME_BYTES = {
    "SOURCE_DATE_EPOCH": "315532800",  # 1980, the first day that a zip file can have
    "PYTHONHASHSEED": "0",
    # wrapt's: a wheel in pure Python serves every interpreter.
    "WRAPT_INSTALL_EXTENSIONS": "false",
}


def folder_of(runtime: str, root: Path = ROOT) -> Path:
    """Return where a runtime keeps its wheels, whether it has any or not."""
    return root / "runtimes" / runtime / "wheels"


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each wheel in a folder, by the wheel's name."""
    return {
        wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest()
        for wheel in sorted(folder.glob("*.whl"))
    }


def build(sources: Path, folder: Path) -> None:
    """Build a wheel of each source, with the pip and the setuptools of this environment."""
    options = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--no-cache-dir"]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--require-hashes", *options]
    run = subprocess.run(
        [*command, "--requirement", str(sources), "--wheel-dir", str(folder)],
        env={**os.environ, **SAME_BYTES},
        umask=0o022,  # wheels keep their files' permissions
        check=False,
    )
    if run.returncode:
        raise command_line.ToolError(f"{sources}: pip could not build all of it; see above")


def make(folder: Path) -> None:
    """Build a runtime's wheels anew, and remove those that it names no more."""
    with tempfile.TemporaryDirectory() as made:
        build(folder / SOURCES, Path(made))
        for wheel in folder.glob("*.whl"):
            wheel.unlink()
        for wheel in Path(made).iterdir():
            (folder / wheel.name).write_bytes(wheel.read_bytes())


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.locks.wheels", __doc__)
    parser.add_argument("runtime", help="whose wheels, such as tensorflow")
    folder = folder_of(parser.parse_args(arguments).runtime)
    make(folder)
    for name, digest in hashes(folder).items():
        print(digest, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
