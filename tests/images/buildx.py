"""Finds buildx, or fetches Debian's package of it into a folder: nothing gets installed."""

import platform
import subprocess
from pathlib import Path

from tools.offline.packages import NotDebianError

PACKAGE = "docker-buildx"
SUITE = "sid"  # older ones have no buildx, or one that knows no bake
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def command(folder: Path) -> list[str]:
    """Return the command that is buildx: docker's own, or one that is fetched.

    Args:
        folder: where a fetched one goes; programs may be run from there.

    Raises:
        NotDebianError: docker has none, and it cannot be fetched here.
    """
    own = ["docker", "buildx"]
    has_one = subprocess.run([*own, "version"], capture_output=True, check=False).returncode == 0
    return own if has_one else [str(_fetched(folder))]


def _fetched(folder: Path) -> Path:
    """Fetch the package from where this machine's own packages come from."""
    _run(folder, "apt-get", *_apart(folder), "update")
    _run(folder, "apt-get", *_apart(folder), "download", PACKAGE)
    _run(folder, "dpkg", "--extract", str(next(folder.glob("*.deb"))), str(folder))
    return next(folder.rglob(f"cli-plugins/{PACKAGE}"))


def _apart(folder: Path) -> list[str]:
    """Return options by which apt uses another suite, without a trace in this machine's lists."""
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "Acquire::Check-Valid-Until": "false",  # mirrors may be kept at a day of the past
        "APT::Sandbox::User": "",  # who may not read the folder
    }
    return [f"--option={name}={value}" for name, value in options.items()]


def _mirror() -> str:
    """Ask apt where it gets the packages of this Debian."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    of_main = ["Created-By: Packages", "Component: main", f"Release: {suite}"]
    told = _run(Path(), "apt-get", "indextargets", "--format=$(REPO_URI)", *of_main)
    if not told:
        raise NotDebianError(f"no source of apt's has {suite}: install {PACKAGE} to test bake")
    return told.splitlines()[0]


def _run(folder: Path, *command: str) -> str:
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotDebianError(f"no {command[0]} here: install {PACKAGE} to test bake") from None
    if run.returncode:
        raise NotDebianError(f"`{' '.join(command[-2:])}` failed:\n{run.stderr[-2000:]}")
    return run.stdout
