"""Read an image's layers file by file, to show in what two images differ."""

import hashlib
import itertools
import json
import posixpath
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tools import docker

WHITEOUT = ".wh."
"""Begins the name of what hides a file of a lower layer; when that was done is nobody's to see.

See: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""

Layer = dict[str, tuple[Any, ...]]
"""By path: what a file is, its owner, its time and its contents."""


def differences(one: str, other: str) -> Iterator[str]:
    """Yield which files differ between two images, layer by layer."""
    if _digests(one) == _digests(other):
        return
    nothing: Layer = {}
    pairs = itertools.zip_longest(_layers(one), _layers(other), fillvalue=nothing)
    for number, (first, second) in enumerate(pairs, 1):
        for path in sorted({*first, *second}):
            if first.get(path) != second.get(path):
                yield f"layer {number}: {path}: {first.get(path)} and {second.get(path)}"


def _digests(image: str) -> Any:
    """List the digests of the layers' contents, times and order included."""
    return (docker.inspect(image) or {}).get("RootFS", {}).get("Layers", [])


def _layers(image: str) -> list[Layer]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        archive = Path(folder, "image.tar")
        docker.output("save", "--output", str(archive), image)
        with tarfile.open(archive) as saved:
            manifest = json.load(_opened(saved, "manifest.json"))[0]
            return [_read(_opened(saved, name)) for name in manifest["Layers"]]


def _opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.extractfile(name)
    if member is None:
        raise docker.DockerError(f"docker save: {name} is not a file")
    return member


def _read(file: IO[bytes]) -> Layer:
    with tarfile.open(fileobj=file) as layer:
        return {member.name: _described(layer, member) for member in layer}


def _described(layer: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[Any, ...]:
    if posixpath.basename(member.name).startswith(WHITEOUT):
        return ("removed",)
    content = layer.extractfile(member) if member.isreg() else None
    digest = hashlib.sha256(content.read()).hexdigest()[:12] if content else member.linkname
    return (oct(member.mode), member.uid, member.gid, member.mtime, digest)
