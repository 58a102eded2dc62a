"""Fetch wheels that are not on PyPI, such as `torch==2.13.0+cpu`, for builds to find in a folder.

What follows the `+`, a local version, is never on PyPI but on an index or in a folder that this
machine's pip is configured with, by its files or by variables. Inside of a build nothing is known.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.command_line import ToolError

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "linux_x86_64")
"""What CPU wheels of PyTorch have been tagged with over the years."""


def wheels_for(python: str, platforms: Iterable[str] = PLATFORMS) -> list[str]:
    """Return the options by which pip looks at the wheels for a row's interpreter, not its own."""
    target = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    return target + [f"--platform={platform}" for platform in platforms]


def folder_of(runtime: str, root: Path) -> Path:
    """Return where a runtime's downloads are, whether it has any or not."""
    return root / "runtimes" / runtime / "downloads"


def fetch(wanted: list[str], python: str, folder: Path) -> None:
    """Download wheels with the pip of this environment, unless they are there.

    Args:
        wanted: requirements as pip reads them, with hashes or without; may be none.
        python: the interpreter that they are for.
        folder: where they go.
    """
    if not wanted:
        return
    folder.mkdir(exist_ok=True)
    run = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *wheels_for(python)]
        + [f"--find-links={folder}", f"--dest={folder}", "--requirement=/dev/stdin"],
        input="\n".join(wanted),
        text=True,
        check=False,
    )
    if run.returncode:
        names = ", ".join(requirement.split()[0] for requirement in wanted)
        raise ToolError(
            f"{names}: pip found no wheel for Python {python}, see above;"
            " set PIP_EXTRA_INDEX_URL to an index that has it, or PIP_FIND_LINKS to a folder"
        )
