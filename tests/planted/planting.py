"""Plant faults in a copy of the tree, one at a time, and run the tests that must catch each."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.planted.faults import Fault, planted

# What waits for ever for something that no longer comes has noticed it.
TIMEOUT = "--timeout=90"
MAX_SECONDS = 600.0
PASSED, FAILED = 0, 1  # exit codes of pytest; others say that the tests could not be run
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


class Outcome(NamedTuple):
    """What came of a fault: the first test that failed, or nothing and what pytest said."""

    fault: Fault
    caught_by: str
    said: str
    seconds: float


class Tree:
    """A copy of a checkout, of which the tests run against the copy's own packages.

    Args:
        source: the checkout; what git ignores is left out.
        folder: where the copy is made.
        environments: the folder with the virtual environments.
    """

    def __init__(self, source: Path, folder: Path, environments: Path) -> None:
        self._folder = folder
        self._environments = environments
        for name in _files(source):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, folder / name, follow_symlinks=False)
        for command in (["init", "--quiet"], ["add", "--all"]):  # some tests ask git
            subprocess.run(["git", *command], cwd=folder, check=True)

    def try_fault(self, fault: Fault) -> Outcome:
        """Plant a fault, run its tests up to the first failure, and take the fault out again.

        Raises:
            NoPlaceError: the source has changed.
        """
        path = self._folder / fault.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(planted(fault, sound), encoding="utf-8")
        began = time.monotonic()
        try:
            code, said = self.run(fault.environment, fault.tests, "-x", TIMEOUT)
        finally:
            path.write_text(sound, encoding="utf-8")
        failure = _FAILURE.search(said) if code == FAILED else None
        return Outcome(fault, failure.group(1) if failure else "", said, time.monotonic() - began)

    def run(
        self,
        environment: str,
        tests: Sequence[str],
        *options: str,
        seconds: float = MAX_SECONDS,
    ) -> tuple[int, str]:
        """Run tests of the copy; return pytest's exit code and what it said.

        A run that does not end is one that failed: a thread of the test that was hung may be left.
        """
        python = self._environments / environment / "bin" / "python"
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests]
        with subprocess.Popen(
            command, cwd=self._folder, env=self._variables(), text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            return _ended(process, seconds)

    def _variables(self) -> dict[str, str]:
        # Before the checkout's own packages, which the environments have in editable form; and no
        # bytecode, since a file may change twice within the second that its date has.
        packages = [self._folder / "common", *sorted((self._folder / "runtimes").iterdir())]
        path = os.pathsep.join(map(str, packages))
        return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _ended(process: subprocess.Popen[str], seconds: float) -> tuple[int, str]:
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return FAILED, f"{said}\nFAILED (the run did not end)"
    return process.returncode, said


def _files(source: Path) -> list[str]:
    """Return what git knows of a checkout, and what is new in it and not ignored."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=source, check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if name and (source / name).exists()]
