"""Keep what is known of pushed images: one record a row, and all of a release in one manifest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

from tools.command_line import ToolError
from tools.tables import markdown, megabytes

FOLDER = Path("build/release")
"""Where records and manifests are, from the checkout's root."""
MANIFEST = FOLDER / "manifest.json"
TITLE = """\
# Images of release {release}

Made of commit `{revision}`. `docker pull IMAGE@DIGEST` gets exactly these; a bill of materials
(CycloneDX) of each is beside this file.

"""


class Published(NamedTuple):
    """One image as a registry has it."""

    runtime: str
    version: str
    status: str
    python: str
    framework: tuple[str, ...]
    release: str
    revision: str
    created: str
    image: str
    immutable_tag: str
    moving_tags: tuple[str, ...]
    digest: str
    size_bytes: int
    base: str
    base_digest: str
    sbom: str
    sbom_sha256: str

    @property
    def row(self) -> str:
        """The row as verbs take it: `python/3.6`."""
        return f"{self.runtime}/{self.version}"

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, the one that never moves first."""
        return (self.immutable_tag, *self.moving_tags)

    @property
    def reference(self) -> str:
        """The name that can mean nothing else: `image@sha256:…`."""
        return f"{self.image}@{self.digest}"


class Manifest(NamedTuple):
    """All images of one release, made of one commit."""

    release: str
    revision: str
    images: tuple[Published, ...]


def sbom_of(root: Path, runtime: str, version: str) -> Path:
    """Return where a row's bill of materials is."""
    return root / FOLDER / f"{runtime}-{version}.cdx.json"


def write_record(root: Path, published: Published) -> Path:
    """Write a row's record, and return where it is."""
    path = root / FOLDER / f"{published.runtime}-{published.version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(published._asdict()), encoding="utf-8")
    return path


def records(root: Path) -> list[Published]:
    """Read all records, in the order that people count in."""
    paths = (root / FOLDER).glob("*-*.json")
    found = [
        _published(_json(path, "push the row again"), path)
        for path in sorted(paths)
        if not path.name.endswith(".cdx.json")
    ]
    return sorted(found, key=lambda each: (each.runtime, Version(each.version)))


def merge(images: Sequence[Published]) -> Manifest:
    """Put the records of a release together."""
    if not images:
        raise ToolError(f"no records in {FOLDER}: push first, by `make push`")
    for what in ("release", "revision"):
        rows = {str(getattr(image, what)): image.row for image in images}
        if len(rows) > 1:
            mixed = ", ".join(f"{row} is of {value}" for value, row in rows.items())
            raise ToolError(
                f"records of several {what}s in {FOLDER}: {mixed};"
                " remove those that do not belong, or push them again"
            )
    return Manifest(images[0].release, images[0].revision, tuple(images))


def refuse_if_unfit(manifest: Manifest, tag: str) -> None:
    """Refuse what nobody could build again: a release of changed files, or under another tag.

    The tag is what git calls the release, as `v0.1.0`; empty if nobody has named it yet.
    """
    if manifest.revision.endswith("-dirty"):
        raise ToolError(
            f"images of release {manifest.release} were built of files that are not committed"
            f" ({manifest.revision}); commit them, build and push again"
        )
    if tag and tag != f"v{manifest.release}":
        raise ToolError(
            f"the tag is {tag}, but images are of release {manifest.release}: expected"
            f" v{manifest.release}; mend the tag or common/serving_runtime/__init__.py"
        )


def write(root: Path, manifest: Manifest) -> Path:
    """Write a manifest for programs and for people; the same images give the same bytes."""
    path = root / MANIFEST
    content = {**manifest._asdict(), "images": [image._asdict() for image in manifest.images]}
    path.write_text(_text(content), encoding="utf-8")
    path.with_suffix(".md").write_text(table(manifest), encoding="utf-8")
    return path


def table(manifest: Manifest) -> str:
    """Return a manifest for people; the same images give the same text."""
    head = ("Image", "Tags", "Status", "Python", "Size", "Digest")
    cells = []
    for it in manifest.images:
        tags, digest = ", ".join(it.tags), f"`{it.digest}`"
        cells.append((it.image, tags, it.status, it.python, megabytes(it.size_bytes), digest))
    title = TITLE.format(release=manifest.release, revision=manifest.revision)
    return title + markdown(head, cells)


def read(path: Path) -> Manifest:
    """Read a manifest back."""
    images = _json(path, "make one by `make manifest`").get("images", ())
    return merge([_published(image, path) for image in images])


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(path: Path, fix: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ToolError(f"there is no {path}; {fix}") from None
    except ValueError as error:
        raise ToolError(f"{path} is not JSON: {error}; {fix}") from None
    if not isinstance(content, dict):
        raise ToolError(f"{path}: expected a JSON object; {fix}")
    return content


def _published(content: Mapping[str, Any], path: Path) -> Published:
    try:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in content.items()
        }
        return Published(**values)
    except (AttributeError, TypeError) as error:
        raise ToolError(f"{path}: {error}; it is of another version of this tool") from None


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
