"""Ask a registry what it has and push to it, by the docker command and with its credentials."""

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tools import docker
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

Say = Callable[[str], None]


class DeniedError(Exception):
    """A registry wants other credentials; the message has how to give them."""


class Found(NamedTuple):
    """What a tag in a registry is."""

    digests: tuple[str, ...]
    """Of its manifest; of all that it lists, if it is a list of them."""
    configs: tuple[str, ...]
    """The digests of their configurations: what an engine calls the id of an image."""


def find(reference: str, say: Say) -> Found | None:
    """Look up a tag or a digest; None if the registry has none such.

    Args:
        reference: the full name, `image:tag` or `image@sha256:…`.
        say: called with failures before another attempt.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: the registry gives no answer.
    """
    told = _patiently(lambda: _inspect(reference), reference, say)
    if not told:
        return None
    content = json.loads(told)
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


def is_same(image: str, found: Found, image_id: str, say: Say) -> bool:
    """Whether what a registry has is what the engine has.

    Args:
        image: without a tag.
        found: what the registry has.
        image_id: as the engine calls it: by its configuration, or by its manifest, or, of a build
            with attestations, by a list of manifests.
        say: called with failures before another attempt.
    """
    if image_id in found.digests + found.configs:
        return True
    return len(found.digests) > 1 and find(f"{image}@{image_id}", say) == found


def push(reference: str, say: Say) -> str:
    """Push a tag, and return the digest of its manifest.

    Raises:
        DeniedError: the registry wants other credentials.
        DockerError: it failed more than once.
    """
    told = _patiently(lambda: docker.output("push", reference), reference, say)
    pushed = PUSHED.search(told)
    if not pushed:
        raise docker.DockerError(f"`docker push {reference}` told no digest:\n{told[-500:]}")
    return pushed[1]


def is_loopback(reference: str) -> bool:
    """Whether a registry is on this machine, where engines speak to it without TLS too."""
    host = urlsplit(f"//{reference}").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _patiently(call: Callable[[], str], reference: str, say: Say) -> str:
    """Call until it succeeds, a few times; credentials do not get better by waiting."""
    return retrying(
        lambda: _allowed(call, reference),
        WAITS_SECONDS,
        docker.DockerError,
        lambda error, seconds: say(
            f"{reference}: {str(error).splitlines()[-1]}; again in {seconds} s"
        ),
    )


def _allowed(call: Callable[[], str], reference: str) -> str:
    try:
        return call()
    except docker.DockerError as error:
        if not DENIED.search(str(error)):
            raise
        host = reference.partition("/")[0]
        login = f"docker login {host}" if {".", ":"} & set(host) else "docker login"
        raise DeniedError(
            f"{reference}: {str(error).splitlines()[-1]}; run `{login}` as who may push there"
        ) from None
