"""Stands in for the docker command, an engine and a registry, without any of them."""

import json

from tools import docker, rows
from tools.release.manifest import Published

ROW = rows.load(environment={"REGISTRY": "127.0.0.1:1"}).row("python", "3.13")
IMMUTABLE = f"{ROW.image}:{ROW.immutable_tag}"
REVISION = "4be1"


def digest(text):
    """Make a digest that can be told from others."""
    return f"sha256:{text.encode().hex():0<64}"


IMAGE = Published(
    runtime="python",
    version="3.9",
    status="legacy",
    python="3.9",
    framework=(),
    release="0.1.0",
    revision="4be1",
    created="2026-11-22T01:59:16+00:00",
    image="hydrosphere/serving-runtime-python",
    immutable_tag="3.9-0.1.0",
    moving_tags=("3.9-latest",),
    digest=digest("a"),
    size_bytes=219_000_000,
    base="python:3.9-slim-bookworm",
    base_digest="",
    sbom="python-3.9.cdx.json",
    sbom_sha256="ab" * 32,
)
NEWER = IMAGE._replace(version="3.13", immutable_tag="3.13-0.1.0", moving_tags=("3.13-latest",))


def image(name):
    """Describe an image as engines do."""
    labels = {
        "org.opencontainers.image.title": "serving-runtime-python",
        "org.opencontainers.image.version": "3.13-0.1.0",
        "org.opencontainers.image.created": "2026-11-22T01:59:16+00:00",
        "org.opencontainers.image.revision": REVISION,
    }
    return {
        "Id": digest(name),
        "Size": 265_000_000,
        "Config": {"Labels": labels},
        "RootFS": {"Layers": ["base", name]},
    }


class Docker:
    """The docker command, an engine and a registry in one.

    Args:
        images: of the engine, by name.
    """

    def __init__(self, images):
        self.images = images
        self.registry = {}
        self.pushed = []
        self.calls = []
        self.failures = []
        self.is_by_manifest = False

    def inspect(self, name):
        """Describe an image of the engine."""
        return self.images.get(name)

    def output(self, *arguments):
        """Do what a command does, unless a failure is due."""
        self.calls.append(arguments)
        if arguments[0] in ("push", "manifest") and self.failures:
            raise docker.DockerError(f"`docker …` failed:\n{self.failures.pop(0)}")
        return getattr(self, f"_{arguments[0]}")(*arguments[1:])

    def _push(self, reference):
        self.pushed.append(reference)
        made = self.images[reference]["Id"]
        manifest = made if self.is_by_manifest else digest(f"of {made[7:20]}")
        self.registry[reference] = self.described(manifest, made)
        return f"latest: Preparing\nlatest: digest: {manifest} size: 2623"

    def described(self, manifest, config, key="SchemaV2Manifest"):
        """Describe a manifest as the client does."""
        return {"Descriptor": {"digest": manifest}, key: {"config": {"digest": config}}}

    def _manifest(self, *arguments):
        found = self.registry.get(arguments[-1])
        if found is None:
            raise docker.DockerError(f"`docker …` failed:\nno such manifest: {arguments[-1]}")
        return json.dumps(found)

    def _tag(self, source, name):
        found = [image for image in self.images.values() if image["Id"] == source]
        self.images[name] = found[0]

    def _rmi(self, name):
        del self.images[name]
