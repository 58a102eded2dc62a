"""Push one row's verified image: the tag that never moves first, and never over another image."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tools import docker
from tools.release import manifest, registry, sbom
from tools.release.manifest import Published
from tools.rows import Row

BUILD_IT = "build it first: make image/{row}"
OCI = "org.opencontainers.image"

Say = Callable[[str], None]


class PushError(Exception):
    """A row is not pushed; the message has what is in the way, and what to do."""


def push(row: Row, root: Path, say: Say) -> Published:
    """Push an image and write its record, with its bill of materials beside it.

    Args:
        row: whose image is verified.
        root: the checkout.
        say: called with each step.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: the registry cannot be reached, or fails.
        PushError: there is no verified image, or the immutable tag is another image's.
        SbomError: there is no bill of materials of it.
    """
    image = verified(row)
    digest = there(row, image["Id"], say)
    bill = sbom.make(row, root)
    say(f"bill of materials: {bill.relative_to(root)}")
    digest = digest or _push(f"{row.image}:{row.immutable_tag}", say)
    for tag in row.moving_tags:
        _push(f"{row.image}:{tag}", say)
    published = describe(row, image, digest, bill)
    manifest.write_record(root, published)
    return published


def verified(row: Row) -> dict[str, Any]:
    """Describe a row's image as the engine does.

    Raises:
        PushError: the engine has no verified one, or its names are of several images.
    """
    images = {name: docker.inspect(name) for name in row.references}
    absent = [name for name, image in images.items() if image is None]
    if absent:
        raise PushError(f"no verified image {absent[0]}; {BUILD_IT.format(row=row.name)}")
    found = {image["Id"]: image for image in images.values() if image}
    if len(found) > 1:
        names = ", ".join(images)
        raise PushError(f"{names} are different images; {BUILD_IT.format(row=row.name)}")
    return found.popitem()[1]


def there(row: Row, image_id: str, say: Say) -> str:
    """Return the digest of a row's immutable tag in the registry; empty if the tag is free.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: the registry gives no answer.
        PushError: the registry has another image.
    """
    reference = f"{row.image}:{row.immutable_tag}"
    found = registry.find(reference, say)
    if found is None:
        return ""
    if not registry.is_same(row.image, found, image_id, say):
        raise PushError(
            f"{reference} is another image already: the registry has {', '.join(found.digests)}"
            f" (image {', '.join(found.configs)}), the engine has image {image_id};"
            " raise the version in common/serving_runtime/__init__.py"
        )
    say(f"{reference} is there already")
    return found.digests[0] if len(found.digests) == 1 else image_id


def _push(reference: str, say: Say) -> str:
    say(f"pushing {reference}")
    digest = registry.push(reference, say)
    say(f"pushed {reference}: {digest}")
    return digest


def rehearse(row: Row, say: Say) -> str:
    """Print what a push would do, and push nothing; the registry is asked.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: the registry gives no answer.
        PushError: a push would be refused.
    """
    is_there = there(row, verified(row)["Id"], say)
    tags = row.moving_tags if is_there else (row.immutable_tag, *row.moving_tags)
    return f"would push {', '.join(tags)}"


def push_preview(row: Row, say: Say) -> str:
    """Push an image under a tag of its own, which moves and is of no release.

    Returns:
        The manifest's digest.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: the registry cannot be reached, or fails.
        PushError: there is no verified image.
    """
    reference = preview_of(row)
    docker.output("tag", verified(row)["Id"], reference)
    try:
        return _push(reference, say)
    finally:
        docker.output("rmi", reference)


def preview_of(row: Row) -> str:
    """Name a row's preview."""
    return f"{row.image}:{row.version}-preview"


def describe(row: Row, image: Mapping[str, Any], digest: str, bill: Path) -> Published:
    """Put together the record; what the image states of itself comes from its labels."""
    labels = image["Config"]["Labels"] or {}
    return Published(
        runtime=row.runtime,
        version=row.version,
        status=str(row.status),
        python=row.python,
        framework=row.framework,
        release=row.release,
        revision=labels.get(f"{OCI}.revision", ""),
        created=labels.get(f"{OCI}.created", ""),
        image=row.image,
        immutable_tag=row.immutable_tag,
        moving_tags=row.moving_tags,
        digest=digest,
        size_bytes=int(image["Size"]),
        base=row.base,
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
