"""Write for `docker buildx bake` what `make image/…` gives `docker build`, for builders elsewhere.

See: https://docs.docker.com/build/bake/reference/
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.images.target import target_of
from tools.rows import Row, Status

PLATFORM = "linux/amd64"
"""What the locks hold wheels for."""


class Options(NamedTuple):
    """What the caller decides: where layers are kept, and under which names images are made."""

    cache: str = ""
    candidates: bool = False


def document(rows: Sequence[Row], root: Path, options: Options) -> dict[str, Any]:
    """Describe the builds of rows.

    Args:
        rows: those that can be built.
        root: the checkout, which is the context: bake is to be run there.
        options: where layers are kept, if anywhere, and which names the images get.

    Returns:
        The content of a `docker-bake.json`.
    """
    return {
        "group": {name: {"targets": targets} for name, targets in _groups(rows)},
        "target": {target_name(row): _target(row, root, options) for row in rows},
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


def _names(rows: Sequence[Row] | Iterator[Row]) -> list[str]:
    return [target_name(row) for row in rows]


def _target(row: Row, root: Path, options: Options) -> dict[str, Any]:
    told = target_of(row, root)
    return {
        "context": ".",
        "dockerfile": told.dockerfile.as_posix(),
        "platforms": [PLATFORM],
        "tags": [row.candidate] if options.candidates else list(row.references),
        "args": _literal(told.args),
        "labels": _literal(told.labels),
        **_caches(row, options.cache),
    }


def _literal(values: dict[str, str]) -> dict[str, str]:
    """Write values so that bake, to which strings are templates, takes them as they are."""
    return {name: re.sub(r"([$%])(?=\{)", r"\1\1", value) for name, value in values.items()}


def _caches(row: Row, prefix: str) -> dict[str, list[str]]:
    """Keep the layers of all stages in a registry, each row its own."""
    if not prefix:
        return {}
    kept = f"type=registry,ref={prefix}/serving-runtime-{row.runtime}:{row.version}"
    return {"cache-from": [kept], "cache-to": [f"{kept},mode=max"]}
