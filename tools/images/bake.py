"""Write for `docker buildx bake` what `make image/…` gives `docker build`, for builders elsewhere.

See: https://docs.docker.com/build/bake/reference/
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.images.building import target_of
from tools.rows import Row, Status

PLATFORM = "linux/amd64"
"""What the locks hold wheels for."""


def document(rows: Sequence[Row], root: Path, cache: str = "") -> dict[str, Any]:
    """Return the content of a `docker-bake.json` that builds rows.

    Args:
        rows: those that can be built.
        root: the checkout, which is the context: bake is to be run there.
        cache: the HOST/ACCOUNT in which the layers of each row are kept; empty for nowhere.
    """
    return {
        "group": {name: {"targets": targets} for name, targets in _groups(rows)},
        "target": {target_name(row): _target(row, root, cache) for row in rows},
    }


def target_name(row: Row) -> str:
    """Name a row as bake can: no dots and no slashes."""
    return f"{row.runtime}-{row.version.replace('.', '_')}"


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    """Group rows by runtime and by status; what is unverified only who names it builds."""
    built = [row for row in rows if row.is_built] or rows
    yield "default", _names(built)
    for runtime in dict.fromkeys(row.runtime for row in built):
        yield runtime, _names(row for row in built if row.runtime == runtime)
    for status in Status:
        same = _names(row for row in rows if row.status is status)
        if same:
            yield str(status), same


def _names(rows: Iterable[Row]) -> list[str]:
    return [target_name(row) for row in rows]


def _target(row: Row, root: Path, cache: str) -> dict[str, Any]:
    target = target_of(row, root)
    kept = f"type=registry,ref={cache}/serving-runtime-{row.runtime}:{row.version}"
    caches = {"cache-from": [kept], "cache-to": [f"{kept},mode=max"]} if cache else {}
    return {
        "context": ".",
        "dockerfile": target.dockerfile.as_posix(),
        "platforms": [PLATFORM],
        "tags": list(row.references),
        "args": _literal(target.args),
        "labels": _literal(target.labels),
        **caches,
    }


def _literal(values: dict[str, str]) -> dict[str, str]:
    """Write values so that bake, to which strings are templates, takes them as they are."""
    return {name: re.sub(r"([$%])(?=\{)", r"\1\1", value) for name, value in values.items()}
