"""Build the wheels of packages that exist as sources only, so that images install only wheels.

`runtimes/<runtime>/wheels/sources.txt` names them with the hashes of their sources. The wheels are
kept beside it, and locks have their hashes: the same sources give the same bytes on every machine.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "sources.txt"

SAME_BYTES = {
    "SOURCE_DATE_EPOCH": "315532800",  # 1980, the first day that a zip file can have
    "PYTHONHASHSEED": "0",
    # wrapt's: a wheel in pure Python serves every interpreter.
    "WRAPT_INSTALL_EXTENSIONS": "false",
}


class WheelsError(Exception):
    """Wheels cannot be built; the message names their sources."""


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
    """Build a wheel of each source, with the pip and the setuptools of this environment.

    Args:
        sources: requirements with hashes.
        folder: where the wheels go.

    Raises:
        WheelsError: pip failed; it has said why.
    """
    options = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--no-cache-dir"]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--require-hashes", *options]
    run = subprocess.run(
        [*command, "--requirement", str(sources), "--wheel-dir", str(folder)],
        env={**os.environ, **SAME_BYTES},
        umask=0o022,  # wheels keep their files' permissions
        check=False,
    )
    if run.returncode:
        raise WheelsError(f"{sources}: pip could not build all of it; see above")


def make(folder: Path) -> None:
    """Build a runtime's wheels anew, and remove those that it names no more.

    Raises:
        WheelsError: one of them cannot be built; the others stay as they were.
    """
    with tempfile.TemporaryDirectory() as made:
        build(folder / SOURCES, Path(made))
        for wheel in folder.glob("*.whl"):
            wheel.unlink()
        for wheel in Path(made).iterdir():
            (folder / wheel.name).write_bytes(wheel.read_bytes())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.locks.wheels", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("runtime", help="whose wheels, such as tensorflow")
    options = parser.parse_args(arguments)
    folder = folder_of(options.runtime)
    try:
        make(folder)
    except WheelsError as error:
        print(error, file=sys.stderr)
        return 1
    for name, digest in hashes(folder).items():
        print(digest, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
