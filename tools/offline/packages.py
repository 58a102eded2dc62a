"""Install the Debian packages that a tool needs, where it may, and print what to do where not."""

import os
import shutil
from collections.abc import Sequence

from tools import programs
from tools.command_line import ToolError
from tools.retrying import retrying

# Another apt may run, such as the updates of a machine that has just started.
WAIT_FOR_LOCK = "--option=DPkg::Lock::Timeout=120"
# Before it is tried again: a mirror may stumble.
PAUSES_SECONDS = (10, 30)


class NotDebianError(ToolError):
    """Packages are missing and cannot be installed here; the message names them."""


def ensure(programs: Sequence[str], packages: Sequence[str], why: str) -> None:
    """Install packages, unless the programs that they bring are here.

    Args:
        programs: found on PATH, or in the administrator's folders.
        packages: what brings them, by Debian's names.
        why: ends the sentence "… are needed", for those who have to install them.

    Raises:
        NotDebianError: this is not Debian, or not its administrator, or apt failed.
    """
    missing = [program for program in programs if find(program) is None]
    if not missing:
        return
    need = f"{', '.join(missing)} needed {why}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        wanted = " ".join(packages)
        raise NotDebianError(f"{need}: install them (on Debian: apt-get install {wanted})")
    print(f"apt-get install {' '.join(packages)} ({need})", flush=True)
    retrying(
        lambda: _install(packages),
        PAUSES_SECONDS,
        NotDebianError,
        lambda error, pause: print(f"{error}\nIt is tried again in {pause} s.", flush=True),
    )


def find(program: str) -> str | None:
    """Return where a program is; `/usr/sbin` is not on every PATH."""
    folders = [*os.get_exec_path(), "/usr/sbin", "/sbin"]
    return shutil.which(program, path=os.pathsep.join(folders))


def _install(packages: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "--quiet", WAIT_FOR_LOCK]
    programs.run([*apt, "update"], in_one=True, env=environment)  # one broken source may not matter
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    ended = programs.run(install, in_one=True, env=environment)
    if ended.returncode:
        why = ended.stdout[-2000:] or f"exit code {ended.returncode}"
        raise NotDebianError(f"`apt-get install {' '.join(packages)}` failed:\n{why}")
