"""Fetch wheels that are not on PyPI, such as `torch==2.13.0+cpu`, for builds to find in a folder.

What follows the `+`, a local version, is never on PyPI but on an index or in a folder that this
machine's pip is configured with, by its files or by variables. Inside of a build nothing is known.
"""

import subprocess
import sys
from pathlib import Path

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "linux_x86_64")
"""What CPU wheels of PyTorch have been tagged with over the years."""


class DownloadError(Exception):
    """Wheels are nowhere to be found; the message has which, and where they were looked for."""


def folder_of(runtime: str, root: Path) -> Path:
    """Return where a runtime's downloads are, whether it has any or not."""
    return root / "runtimes" / runtime / "downloads"


def fetch(wanted: list[str], python: str, folder: Path) -> None:
    """Download wheels with the pip of this environment, unless they are there.

    Args:
        wanted: requirements as pip reads them, with hashes or without; may be none.
        python: the interpreter that they are for.
        folder: where they go.

    Raises:
        DownloadError: pip failed; it has said why.
    """
    if not wanted:
        return
    folder.mkdir(exist_ok=True)
    target = ["--only-binary=:all:", f"--python-version={python}", "--implementation=cp"]
    target += [f"--platform={platform}" for platform in PLATFORMS]
    run = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *target]
        + [f"--find-links={folder}", f"--dest={folder}", "--requirement=/dev/stdin"],
        input="\n".join(wanted),
        text=True,
        check=False,
    )
    if run.returncode:
        names = ", ".join(requirement.split()[0] for requirement in wanted)
        raise DownloadError(
            f"{names}: pip found no wheel for Python {python}, see above;"
            " set PIP_EXTRA_INDEX_URL to an index that has it, or PIP_FIND_LINKS to a folder"
        )
