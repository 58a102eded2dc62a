"""Ask a registry what it has and push to it, by the docker command and with its credentials."""

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tools import docker
from tools.command_line import ToolError
from tools.retrying import retrying

WAITS_SECONDS = (2, 10, 30)
"""Before each new attempt, after failures that may pass."""

ABSENT = re.compile("no such manifest|manifest unknown|name unknown", re.I)
DENIED = re.compile(
    "unauthorized|authentication required|no basic auth credentials|incorrect username or password"
    "|denied: |access to the resource is denied|403 forbidden",
    re.I,
)
PUSHED = re.compile(r"digest: (sha256:[0-9a-f]{64})")

Report = Callable[[str], None]
"""Takes each step, and each failure before another attempt."""


class Found(NamedTuple):
    """What a tag in a registry is."""

    digests: tuple[str, ...]
    """Of its manifest; of all that it lists, if it is a list of them."""
    configs: tuple[str, ...]
    """The digests of their configurations: what an engine calls the id of an image."""


def find(reference: str, report: Report) -> Found | None:
    """Look up `image:tag` or `image@sha256:…`; None if the registry has none such."""
    described = _patiently(lambda: _inspect(reference), reference, report)
    if not described:
        return None
    content = json.loads(described)
    manifests: list[dict[str, Any]] = content if isinstance(content, list) else [content]
    return Found(
        tuple(manifest["Descriptor"]["digest"] for manifest in manifests),
        tuple(_config(manifest) for manifest in manifests),
    )


def _inspect(reference: str) -> str:
    """Return the client's description of a manifest; empty if there is none."""
    insecure = ["--insecure"] if is_loopback(reference) else []
    try:
        return docker.output("manifest", "inspect", "--verbose", *insecure, reference)
    except docker.DockerError as error:
        if ABSENT.search(str(error)):
            return ""
        raise


def _config(manifest: dict[str, Any]) -> str:
    """Return the digest of a manifest's configuration, in Docker's own format or in OCI's."""
    content = manifest.get("SchemaV2Manifest") or manifest.get("OCIManifest") or {}
    return str(content.get("config", {}).get("digest", ""))


def is_same(image: str, found: Found, image_id: str, report: Report) -> bool:
    """Whether what a registry has of an image is what the engine has.

    An engine's id of an image is the digest of its configuration, or of its manifest, or, of a
    build with attestations, of a list of manifests.
    """
    if image_id in found.digests + found.configs:
        return True
    return len(found.digests) > 1 and find(f"{image}@{image_id}", report) == found


def push(reference: str, report: Report) -> str:
    """Push a tag, and return the digest of its manifest."""
    report(f"pushing {reference}")
    printed = _patiently(lambda: docker.output("push", reference), reference, report)
    pushed = PUSHED.search(printed)
    if not pushed:
        raise docker.DockerError(f"`docker push {reference}` told no digest:\n{printed[-500:]}")
    report(f"pushed {reference}: {pushed[1]}")
    return pushed[1]


def is_loopback(reference: str) -> bool:
    """Whether a registry is on this machine, where engines speak to it without TLS too."""
    host = urlsplit(f"//{reference}").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _patiently(call: Callable[[], str], reference: str, report: Report) -> str:
    """Call until it succeeds, a few times."""

    def failed(error: Exception, seconds: float) -> None:
        report(f"{reference}: {str(error).splitlines()[-1]}; again in {seconds} s")

    return retrying(lambda: _allowed(call, reference), WAITS_SECONDS, docker.DockerError, failed)


def _allowed(call: Callable[[], str], reference: str) -> str:
    try:
        return call()
    except docker.DockerError as error:
        if not DENIED.search(str(error)):
            raise
        host = reference.partition("/")[0]
        login = f"docker login {host}" if {".", ":"} & set(host) else "docker login"
        raise ToolError(
            f"{reference}: {str(error).splitlines()[-1]}; run `{login}` as who may push there"
        ) from None
