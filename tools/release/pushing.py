"""Push one row's verified image: the tag that never moves first, and never over another image."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools import docker
from tools.command_line import ToolError
from tools.release import manifest, registry, sbom
from tools.release.manifest import Published
from tools.release.registry import Report
from tools.rows import Row

OCI = "org.opencontainers.image"


def push(row: Row, root: Path, report: Report) -> Published:
    """Push a verified image and write its record, with its bill of materials beside it."""
    image = verified(row)
    digest = there(row, image["Id"], report)
    bill = sbom.make(row, root)
    report(f"bill of materials: {bill.relative_to(root)}")
    digest = digest or registry.push(f"{row.image}:{row.immutable_tag}", report)
    for tag in row.moving_tags:
        registry.push(f"{row.image}:{tag}", report)
    published = describe(row, image, digest, bill)
    manifest.write_record(root, published)
    return published


def verified(row: Row) -> dict[str, Any]:
    """Describe a row's image as the engine does; all its names must be there, and be of one."""
    images = {name: docker.inspect(name) for name in row.references}
    found = {image["Id"]: image for image in images.values() if image}
    absent = [name for name, image in images.items() if image is None]
    if absent or len(found) > 1:
        names = ", ".join(images)
        what = f"no verified image {absent[0]}" if absent else f"{names} are different images"
        raise ToolError(f"{what}; build it first: make image/{row.name}")
    return found.popitem()[1]


def there(row: Row, image_id: str, report: Report) -> str:
    """Return the digest of a row's immutable tag in the registry; empty if the tag is free."""
    reference = f"{row.image}:{row.immutable_tag}"
    found = registry.find(reference, report)
    if found is None:
        return ""
    if not registry.is_same(row.image, found, image_id, report):
        raise ToolError(
            f"{reference} is another image already: the registry has {', '.join(found.digests)}"
            f" (image {', '.join(found.configs)}), the engine has image {image_id};"
            " raise the version in common/serving_runtime/__init__.py"
        )
    report(f"{reference} is there already")
    return found.digests[0] if len(found.digests) == 1 else image_id


def rehearse(row: Row, report: Report) -> str:
    """Return what a push would do, and push nothing; the registry is asked."""
    is_there = there(row, verified(row)["Id"], report)
    tags = row.moving_tags if is_there else (row.immutable_tag, *row.moving_tags)
    return f"would push {', '.join(tags)}"


def push_preview(row: Row, report: Report) -> str:
    """Push an image under a moving tag that is of no release; return the manifest's digest."""
    reference = preview_of(row)
    docker.output("tag", verified(row)["Id"], reference)
    try:
        return registry.push(reference, report)
    finally:
        docker.output("rmi", reference)


def preview_of(row: Row) -> str:
    """Name a row's preview."""
    return f"{row.image}:{row.version}-preview"


def describe(row: Row, image: Mapping[str, Any], digest: str, bill: Path) -> Published:
    """Put together the record; what the image states of itself comes from its labels."""
    labels = image["Config"]["Labels"] or {}
    of_row = ("runtime", "version", "python", "framework", "release", "image", "immutable_tag")
    return Published(
        **{name: getattr(row, name) for name in (*of_row, "moving_tags", "base")},
        status=str(row.status),
        revision=labels.get(f"{OCI}.revision", ""),
        created=labels.get(f"{OCI}.created", ""),
        digest=digest,
        size_bytes=int(image["Size"]),
        base_digest=_base_digest(row, image),
        sbom=bill.name,
        sbom_sha256=manifest.sha256_of(bill),
    )


def _base_digest(row: Row, image: Mapping[str, Any]) -> str:
    """Name the base by its digest; empty if it has none, or is no longer what was built upon."""
    base = docker.inspect(row.base) or {"RepoDigests": [], "RootFS": {"Layers": []}}
    layers = base["RootFS"]["Layers"]
    is_beneath = image["RootFS"]["Layers"][: len(layers)] == layers
    digests = [name.partition("@")[2] for name in base["RepoDigests"]]
    return digests[0] if digests and is_beneath else ""
