"""Makes each image's lock, so that an image built next year holds the packages tested today.

A lock pins everything that an image gets beyond its base, with the hashes of the wheels: what
common and the runtime ask for in their setup.cfg and what the row adds, for the row's interpreter
on x86-64 Linux. Its header repeats what was asked for, so that a lock older than that is noticed.
"""

import argparse
import configparser
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import downloads, wheels
from tools.downloads import DownloadError
from tools.matrix import Matrix, MatrixError, Row, load

PLATFORM = "x86_64-manylinux_2_28"
"""Wheels that run on every base: the oldest has glibc 2.31."""

PIN = re.compile(r"^([\w.-]+)==([^\s;]+) \\\n(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.M)

HEADER = """\
# What {image}:{version} holds beyond its base: hashed wheels for
# Python {python} on Linux x86-64. Made by `make {verb}` from
{requirements}
"""


class LockError(Exception):
    """There is no lock to be had or read; the message says why and what would help."""


def verb(row: Row) -> str:
    """Name the make verb that renews a row's lock."""
    return f"lock/{row.name}"


def requirements(root: Path, row: Row) -> list[str]:
    """List what a row asks for, without the packages of this repository.

    Args:
        root: the checkout.
        row: one that is built.

    Returns:
        Requirements as pip reads them, sorted.
    """
    folders = [root / "common", root / row.folder]
    described = [_describe(folder / "setup.cfg") for folder in folders]
    ours = {normal(name) for name, _ in described}
    asked = [line for _, lines in described for line in lines] + list(row.framework)
    return sorted({line for line in asked if name_in(line) not in ours}, key=str.lower)


def _describe(path: Path) -> tuple[str, list[str]]:
    """Read a package's name and requirements from its setup.cfg."""
    config = configparser.ConfigParser()
    config.read_string(path.read_text(encoding="utf-8"))
    asked = config.get("options", "install_requires", fallback="")
    return config["metadata"]["name"], [line for line in asked.splitlines() if line.strip()]


def name_in(requirement: str) -> str:
    """Return the package that a requirement asks for, its name as PyPI normalises it."""
    return normal(re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0])


def normal(name: str) -> str:
    """Spell a package's name as PyPI does.

    See: https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def header(root: Path, row: Row) -> str:
    """Say what a row's lock is made from, as its first lines do."""
    lines = "\n".join(f"#     {line}" for line in requirements(root, row))
    image = f"serving-runtime-{row.runtime}"  # without the owner: forks keep their locks
    return HEADER.format(
        image=image, version=row.version, python=row.python, verb=verb(row), requirements=lines
    )


def is_stale(root: Path, row: Row) -> bool:
    """Whether a row's lock was made from something else than what the row asks for now."""
    return not (root / row.lock).read_text(encoding="utf-8").startswith(header(root, row))


def read(path: Path) -> dict[str, str]:
    """Read a lock.

    Returns:
        Versions by name; names as PyPI normalises them.

    Raises:
        LockError: a line is not a pin with hashes.
    """
    text = path.read_text(encoding="utf-8")
    strays = [line for line in PIN.sub("", text).splitlines() if line and not line.startswith("#")]
    if strays:
        raise LockError(f"{path}: {strays[0].strip()!r} is not a pin with sha256 hashes")
    return {normal(found[1]): found[2] for found in PIN.finditer(text)}


def local_pins(root: Path, row: Row) -> list[str]:
    """List the pins of a row's lock that PyPI cannot answer, for their version is a local one.

    Returns:
        Requirements with hashes.

    Raises:
        LockError: there is no lock.
    """
    lock = root / row.lock
    if not lock.exists():
        raise LockError(f"{row.name}: there is no {row.lock}; run `make {verb(row)}`")
    pins = PIN.finditer(lock.read_text(encoding="utf-8"))
    return [found[0] for found in pins if _is_local(found[0])]


def _is_local(requirement: str) -> bool:
    return re.match(r"[\w.-]+==[^\s;]*\+", requirement) is not None


def make(matrix: Matrix, row: Row) -> None:
    """Resolve what a row asks for and write its lock.

    Raises:
        DownloadError: it asks for wheels that are not on PyPI, nor where pip is told to look.
        LockError: the row is not built, or its requirements have no solution in wheels.
    """
    if not row.can_be_built:
        raise LockError(f"{row.name} is not built and needs no lock: {row.reason}")
    lock = matrix.root / row.lock
    asked = requirements(matrix.root, row)
    lock.parent.mkdir(parents=True, exist_ok=True)
    fetched = downloads.folder_of(row.runtime, matrix.root)
    downloads.fetch([line for line in asked if _is_local(line)], row.python, fetched)
    resolved = _resolve(row, asked, [wheels.folder_of(row.runtime, matrix.root), fetched])
    lock.write_text(f"{header(matrix.root, row)}\n{resolved}", encoding="utf-8")
    for name, version in read(lock).items():
        print(f"{row.name}: {name} {version}", file=sys.stderr)


def _resolve(row: Row, asked: list[str], folders: list[Path]) -> str:
    """Let uv choose the newest wheels that fit together; it explains itself on standard error.

    Args:
        row: whose interpreter they are for.
        asked: requirements.
        folders: of further wheels; they need not exist.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "requirements.in")
        wanted.write_text("\n".join(asked) + "\n", encoding="utf-8")
        command = [*_uv(), "--python-version", _newest(row), "--python-platform", PLATFORM]
        found = [f"--find-links={folder}" for folder in folders if folder.is_dir()]
        run = subprocess.run(
            [*command, *found, str(wanted)], stdout=subprocess.PIPE, text=True, check=False
        )
    if run.returncode:
        raise LockError(f"{row.name}: no set of wheels satisfies {', '.join(asked)}; see above")
    return run.stdout


def _newest(row: Row) -> str:
    """Name a release past any base's: to uv 3.6 is 3.6.0, and there are packages for 3.6.1 on."""
    return f"{row.python}.99"


def _uv() -> list[str]:
    """Name the command: uv beside this Python, heeding nobody's configuration file."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        raise LockError(f"there is no {uv.name} beside {sys.executable}; run it by `make lock/...`")
    quiet = ["--quiet", "--no-config", "--no-python-downloads"]
    return [str(uv), "pip", "compile", *quiet, "--no-header", "--no-annotate", *_WHEELS]


_WHEELS = ["--generate-hashes", "--only-binary", ":all:"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.locks", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("rows", nargs="+", metavar="RUNTIME/VERSION", help="such as python/3.6")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    names = _parser().parse_args(arguments).rows
    try:
        matrix = load()
        for name in names:
            runtime, _, version = name.partition("/")
            make(matrix, matrix.row(runtime, version))
    except (DownloadError, LockError, MatrixError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
