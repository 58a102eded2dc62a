"""Runs the image tests over several rows, and tells the rows' results apart."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.matrix import Row

TESTS = "tests/images"
RESULTS = Path("build/images")
# Containers mostly wait: rows that are tested side by side end sooner than one after another.
SHARES = 3

Counts = dict[str, dict[str, int]]


def run(rows: Sequence[Row], root: Path) -> dict[str, str]:
    """Test images that are built, in a few runs of pytest at the same time.

    Returns:
        By row: `passed`, or how many of its tests failed. A row without any test is absent.
    """
    (root / RESULTS).mkdir(parents=True, exist_ok=True)
    shares = [share for share in (rows[number::SHARES] for number in range(SHARES)) if share]
    with ThreadPoolExecutor(len(shares)) as runs:
        counted = runs.map(lambda number: _run(shares[number], number, root), range(len(shares)))
        return {name: _told(**counts) for part in counted for name, counts in part.items()}


def _run(rows: Sequence[Row], number: int, root: Path) -> Counts:
    """Test some rows; the first run is shown as it goes, another when it has ended."""
    results = root / RESULTS / f"{number}.json"
    results.unlink(missing_ok=True)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS],
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
    counted: Counts = json.loads(results.read_text()) if results.exists() else {}
    return counted


def _told(passed: int, failed: int) -> str:
    return f"{failed} of {passed + failed} tests failed" if failed else f"{passed} tests passed"
