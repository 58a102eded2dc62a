"""Do to a copy of the checkout what CONTRIBUTING.md asks for a new framework."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tools import locks
from tools.rows import load
from tools.rows.reader import ROOT

NAME = "polynomial"
FOLDER = Path("runtimes") / NAME
MODEL = FOLDER / "tests" / "models" / "parabola"
VERSION = "1.0"
BLOCK = f"""
  {NAME}:
    rows:
      - version: "{VERSION}"
        status: supported
        python: "3.13"
        base: python:3.13-slim-bookworm
        budget: 300 MB
"""
# x² - 2x + 3 at three points.
RECORDED = {
    "made_by": "hand",
    "tolerance": 0,
    "signature": "predict",
    "calls": [
        {
            "inputs": {"x": {"dtype": "DT_DOUBLE", "shape": [3], "values": [0, 1, -2]}},
            "outputs": {"y": {"dtype": "DT_DOUBLE", "shape": [3], "values": [3, 2, 11]}},
        }
    ],
}
# What is copied of another runtime, under the new name; its own may also mean the language.
ANOTHER = Path("runtimes/python")
COPIED = (
    "Dockerfile.framework",
    "setup.cfg",
    "setup.py",
    "pyproject.toml",
    "python_runtime/__main__.py",
    "python_runtime/py.typed",
)
ITS_NAME = re.compile(r"\bpython(?=_runtime\b)|\bpython\b(?!:| -m)")


class Newcomer:
    """A checkout of one's own, under version control, with a framework that nobody else knows.

    Args:
        root: an empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._copy_checkout()
        self.git("init", "--quiet")
        self.git("add", "--all")
        self._add_folder()
        self._add_model()
        with (root / "build_matrix.yaml").open("a") as matrix:
            matrix.write(BLOCK)
        self._lock()
        self.python("tools.images.dockerfiles")

    @property
    def changed(self) -> list[str]:
        """Files that were there before, and are not what they were."""
        return self.git("diff", "--name-only").splitlines()

    @property
    def added(self) -> list[str]:
        """Files that were not there before."""
        return self.git("ls-files", "--others", "--exclude-standard").splitlines()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which Python takes the packages of this checkout, not those of ours."""
        packages = [self.root / "common", *sorted(self.root.glob("runtimes/*"))]
        # A measurement, or a hook of git's, is of our checkout and not of this one.
        foreign = ("COV", "GIT_")
        inherited = {name: it for name, it in os.environ.items() if not name.startswith(foreign)}
        return {**inherited, "PYTHONPATH": os.pathsep.join(map(str, packages))}

    def git(self, *arguments: str) -> str:
        """Run git on the checkout."""
        return self.run("git", *arguments)

    def python(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a module on the checkout, with its packages."""
        return self.run(sys.executable, "-m", module, *arguments, **variables)

    def run(self, *command: str, **variables: str) -> str:
        """Run a program in the checkout; what it prints is returned, or shown if it fails."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _copy_checkout(self) -> None:
        """Copy what is, or would be, under version control."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.check_output(command, cwd=ROOT, text=True)
        for name in set(listed.split("\0")[:-1]):
            if os.path.lexists(ROOT / name):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name, follow_symlinks=False)

    def _add_folder(self) -> None:
        """Add the package, with the code that the document shows."""
        package = FOLDER / f"{NAME}_runtime"
        init, loader = shown_code()
        self._write(package / "__init__.py", init)
        self._write(package / "loader.py", loader)
        self._write(FOLDER / "README.md", f"# {NAME}\n")
        for name in COPIED:
            text = (ROOT / ANOTHER / name).read_text()
            self._write(FOLDER / _renamed(name), _renamed(text))

    def _add_model(self) -> None:
        """Add a model without a contract, which its loader infers, and with its answers."""
        self._write(MODEL / "recorded.json", json.dumps(RECORDED))
        (self.root / MODEL / "files").mkdir()
        np.save(self.root / MODEL / "files" / "coefficients.npy", np.array([1.0, -2.0, 3.0]))

    def _lock(self) -> None:
        """Write the lock without an index: another row whose framework is no package has it all."""
        matrix = load(self.root / "build_matrix.yaml", environment={})
        row = matrix.row(NAME, VERSION)
        like = matrix.row(ANOTHER.name, row.python)
        pins = (ROOT / like.lock).read_text()[len(locks.header(ROOT, like)) :]
        self._write(row.lock, locks.header(self.root, row) + pins)

    def _write(self, name: Path, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _renamed(text: str) -> str:
    return ITS_NAME.sub(NAME, text)


def shown_code() -> list[str]:
    """Return the blocks of Python with which CONTRIBUTING.md shows how to add a framework."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.partition("## Add a framework")[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```python\n(.*?)^ *```$", section, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]
