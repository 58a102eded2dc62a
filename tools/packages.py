"""Installs the Debian packages that a tool needs, where it may, and says what to do where not."""

import os
import shutil
import subprocess
from collections.abc import Sequence


class NotDebianError(Exception):
    """Packages are missing and cannot be installed here; the message says which."""


def ensure(programs: Sequence[str], packages: Sequence[str], why: str) -> None:
    """Install packages, unless the programs that they bring are here.

    Args:
        programs: found on PATH, or in the administrator's folders.
        packages: what brings them, by Debian's names.
        why: ends the sentence "… are needed", for whoever has to install them.

    Raises:
        NotDebianError: this is not Debian, or not its administrator, or apt failed.
    """
    missing = [program for program in programs if find(program) is None]
    if not missing:
        return
    told = f"{', '.join(missing)} needed {why}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        wanted = " ".join(packages)
        raise NotDebianError(f"{told}: install them (on Debian: apt-get install {wanted})")
    print(f"apt-get install {' '.join(packages)} ({told})", flush=True)
    _apt("update", check=False)  # one broken source of many need not matter
    _apt("install", "--yes", "--no-install-recommends", *packages)


def find(program: str) -> str | None:
    """Return where a program is; `/usr/sbin` is not on every PATH."""
    folders = [*os.get_exec_path(), "/usr/sbin", "/sbin"]
    return shutil.which(program, path=os.pathsep.join(folders))


def _apt(*arguments: str, check: bool = True) -> None:
    run = subprocess.run(
        ["apt-get", "--quiet", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if check and run.returncode:
        raise NotDebianError(f"`apt-get {' '.join(arguments)}` failed:\n{run.stdout[-2000:]}")
