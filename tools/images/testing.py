"""Runs the image tests over several rows in one pytest, and tells the rows' results apart."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.matrix import Row

TESTS = "tests/images"
RESULTS = Path("build/images/results.json")


def run(rows: Sequence[Row], root: Path) -> dict[str, str]:
    """Test images that are built.

    Returns:
        By row: `passed`, or how many of its tests failed. A row without any test is absent.
    """
    results = root / RESULTS
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", TESTS],
        cwd=root,
        env={
            **os.environ,
            "IMAGE_ROWS": ",".join(row.name for row in rows),
            "IMAGE_RESULTS": str(results),
        },
        check=False,
    )
    counted = json.loads(results.read_text()) if results.exists() else {}
    return {name: _told(**counts) for name, counts in counted.items()}


def _told(passed: int, failed: int) -> str:
    return f"{failed} of {passed + failed} tests failed" if failed else f"{passed} tests passed"
