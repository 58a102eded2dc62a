"""Compare an image with its row: what is measured must be what the row and the lock promise."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from tools import docker, locks
from tools.rows import Row

PROBE = Path(__file__).with_name("probe.py")
USER = "1000:0"
PORTS = ["8080/tcp", "9090/tcp"]
VOLUME = "/model"
COMMAND = "/usr/local/bin/serving-runtime"
PROVENANCE = ("org.opencontainers.image.revision", "org.opencontainers.image.created")


class Inside(NamedTuple):
    """What is inside of an image, as `probe.py` finds it."""

    python: str
    packages: dict[str, str]
    conflicts: list[str]
    constraints: list[str]
    command: str
    setuid: list[str]
    build_tools: list[str]
    caches: list[str]


@functools.cache
def look_inside(image: str) -> Inside:
    """Look around in an image, as its administrator, who sees everything."""
    options = ("--rm", "--user=0", "--network=none", "--entrypoint=python")
    code = PROBE.read_text(encoding="utf-8")
    found = json.loads(docker.output("run", *options, image, "-c", code).splitlines()[-1])
    packages = {canonicalize_name(name): version for name, version in found["packages"].items()}
    return Inside(**{**found, "packages": packages})


def problems(row: Row, root: Path, image: str) -> list[str]:
    """Return what an image is that its row does not promise, and the other way round.

    Args:
        row: one whose base is there.
        root: the checkout, for the lock.
        image: what was built of the row.

    Returns:
        One line a difference; none if the image is what it should be.
    """
    described = docker.inspect(image)
    if described is None:
        raise docker.DockerError(f"there is no image {image}")
    # As the Docker image specification has it: `User`, `Entrypoint`, `Labels` and so on.
    config = described["Config"]
    inside = look_inside(described["Id"])  # by its id: a name may move on to the next build
    pins = locks.read(root / row.lock)
    base = look_inside(row.base)
    return [
        *_configured(row, config),
        *_labelled(row, config["Labels"] or {}),
        *_sized(row, described["Size"]),
        *_versions(row, inside),
        *_packaged({**base.packages, **pins, **_ours(row)}, inside.packages),
        *_constrained(pins, inside.constraints),
        *(f"pip check: {line}" for line in inside.conflicts),
        *_clean(inside),
    ]


def _ours(row: Row) -> dict[str, str]:
    return {"serving-runtime": row.release, f"serving-runtime-{row.runtime}": row.release}


def _differs(what: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected:
        yield f"{what}: found {found!r}, expected {expected!r}"


def _configured(row: Row, config: Mapping[str, Any]) -> Iterator[str]:
    yield from _differs("user", config.get("User"), USER)
    entrypoint = [COMMAND, "serve", "--runtime", row.runtime]
    yield from _differs("entrypoint", config.get("Entrypoint"), entrypoint)
    yield from _differs("ports", sorted(config.get("ExposedPorts") or ()), PORTS)
    yield from _differs("volumes", sorted(config.get("Volumes") or ()), [VOLUME])
    probe = (config.get("Healthcheck") or {}).get("Test")
    yield from _differs("health check", probe, ["CMD", COMMAND, "health", "--probe", "container"])


def _labelled(row: Row, labels: Mapping[str, str]) -> Iterator[str]:
    for name, value in row.labels.items():
        yield from _differs(f"label {name}", labels.get(name), value)
    for name in PROVENANCE:
        if not labels.get(name):
            yield f"label {name}: there is none"


def _sized(row: Row, size_bytes: int) -> Iterator[str]:
    size_mb = size_bytes / 1e6
    # Unverified rows may have no budget: nobody here has seen how large they get.
    if row.budget_mb and size_mb > row.budget_mb:
        yield (
            f"size: {size_mb:.0f} MB, which is over the row's budget of {row.budget_mb} MB; find"
            " what has grown, or raise `budget` in build_matrix.yaml"
        )


def _versions(row: Row, inside: Inside) -> Iterator[str]:
    yield from _differs("Python", inside.python, row.python)
    yield from _differs("command", inside.command, f"serving-runtime {row.release}")
    for requirement in row.framework[:1]:  # the package that the row is named for
        found = inside.packages.get(locks.name_in(requirement), "none")
        # A row leaves out what wheels add to their version, as 0.22.2.post1 and 2.13.0+cpu do.
        if not re.fullmatch(rf"{re.escape(row.version)}(\.post\d+)?(\+\w+)?", found):
            yield f"framework: found version {found}, expected {row.version}"


def _packaged(expected: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            yield (
                f"package {name}: found {found.get(name, 'none')}, expected"
                f" {expected.get(name, 'none')}: the base's, the lock's and ours are all there is"
            )


def _constrained(pins: Mapping[str, str], found: list[str]) -> Iterator[str]:
    expected = [f"{name}=={version}" for name, version in pins.items()]
    yield from _differs("constraints for derived images", sorted(found), sorted(expected))


def _clean(inside: Inside) -> Iterator[str]:
    yield from (f"setuid or setgid: {path}" for path in inside.setuid)
    yield from (f"builds, but serves nothing: {tool}" for tool in inside.build_tools)
    yield from (f"left over from the build: {path}" for path in inside.caches[:5])
