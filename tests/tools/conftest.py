"""A small checkout with a framework that nobody knows, free to be broken."""

import datetime
import os
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tools import locks
from tools.matrix.checks import problems
from tools.rows import load

TODAY = datetime.date(2026, 11, 21)

MATRIX = """\
owner: hydrosphere
runtimes:
  toy:
    rows:
      - version: "0.9"
        status: eol
        reason: nobody kept its wheels
        python: "3.5"
      - version: "1.9"
        status: legacy
        reason: for old toys
        python: "3.6"
        base: python:3.6-slim-bullseye
        budget: 250 MB
        framework: [toy==1.9.0]
      - version: "1.10"
        status: supported
        python: "3.13"
        base: python:3.13-slim-bookworm
        budget: 300 MB
        framework: [toy==1.10.0, "numpy<3"]
"""

SETUP = """\
[metadata]
name = {name}
[options]
install_requires =
    {requirement}
"""

PINS = f"""\
grpcio==1.85.1 \\
    --hash=sha256:{"a1" * 32} \\
    --hash=sha256:{"b2" * 32}
Typing_Extensions==4.16.0 \\
    --hash=sha256:{"c3" * 32}
"""


class Checkout:
    """A folder with a matrix, and what tests do to it."""

    def __init__(self, root: Path):
        self.root = root

    def write(self, name, text):
        """Write a file, and the folders that it needs."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))

    def append(self, name, text):
        """Write to the end of a file."""
        with (self.root / name).open("a") as file:
            file.write(text)

    def replace(self, name, old, new):
        """Replace text that must be there."""
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def unverify(self, version):
        """Make the legacy row one that nobody here builds, and leave it without a lock."""
        self.replace("build_matrix.yaml", "status: legacy", "status: unverified")
        (self.root / f"runtimes/toy/locks/{version}.txt").unlink()

    def load(self, **variables):
        """Read the matrix as if only those environment variables were set."""
        return load(self.root / "build_matrix.yaml", environment=variables)

    def lock_all(self):
        """Write every lock as if it had just been made."""
        for row in self.load().built:
            self.write(row.lock, locks.header(self.root, row) + "\n" + PINS)

    def problems(self, today=TODAY):
        """Return what `check` says."""
        return problems(self.load(), today)


def git(checkout, *arguments):
    """Run git as somebody, whatever this machine's configuration is."""
    nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=checkout.root, env={**os.environ, **nobodys}, check=True)


def commit(checkout):
    """Commit everything."""
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "A change")


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout with nothing wrong in it."""
    made = Checkout(tmp_path)
    made.write("build_matrix.yaml", MATRIX)
    made.write("common/serving_runtime/__init__.py", '__version__ = "0.7.0"\n')
    made.write("common/setup.cfg", SETUP.format(name="serving-runtime", requirement="grpcio>=1.48"))
    named = SETUP.format(name="serving-runtime-toy", requirement="serving_runtime>=0.1")
    made.write("runtimes/toy/setup.cfg", named)
    made.write("runtimes/toy/Dockerfile", "ARG BASE\nFROM ${BASE}\n")
    made.lock_all()
    return made
