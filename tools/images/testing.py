"""Run the image tests over several rows, and keep the rows' results apart."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tools.rows import Row

TESTS = "tests/images"
RESULTS = Path("build/images")
# Containers mostly wait: rows that are tested side by side end sooner than one after another.
SHARES = 3


class Result(NamedTuple):
    """What became of a row's tests."""

    passed: int
    failures: Sequence[str] = ()
    """The name of each test that failed, and why."""

    def __str__(self) -> str:
        failed = len(self.failures)
        if failed:
            return f"{failed} of {self.passed + failed} tests failed"
        return f"{self.passed} tests passed"


def run(rows: Sequence[Row], root: Path) -> dict[str, Result]:
    """Test images in a few runs of pytest at the same time; a row without any test is absent."""
    (root / RESULTS).mkdir(parents=True, exist_ok=True)
    shares = [share for share in (rows[number::SHARES] for number in range(SHARES)) if share]
    with ThreadPoolExecutor(len(shares)) as runs:
        parts = runs.map(lambda number: _run(shares[number], number, root), range(len(shares)))
        return {name: result for part in parts for name, result in part.items()}


def _run(rows: Sequence[Row], number: int, root: Path) -> dict[str, Result]:
    """Test some rows; the first run is shown as it goes, another when it has ended."""
    results = root / RESULTS / f"{number}.json"
    results.unlink(missing_ok=True)
    long_forms = ["-m", "not apt"] if os.environ.get("FORMS") == "all" else []
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS, *long_forms],
        cwd=root,
        env={
            **os.environ,
            "IMAGE_ROWS": ",".join(row.name for row in rows),
            "IMAGE_RESULTS": str(results),
            # What is of no row is tested once.
            "IMAGE_ROWLESS": "" if number else "1",
        },
        stdout=subprocess.PIPE if number else None,
        text=True,
        check=False,
    )
    if number:
        print(ended.stdout, flush=True)
    return read(results) if results.exists() else {}


def read(results: Path) -> dict[str, Result]:
    """Read the results by row, as a run of pytest has written them into $IMAGE_RESULTS."""
    return {name: Result(**result) for name, result in json.loads(results.read_text()).items()}
