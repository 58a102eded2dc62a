"""Show what became of each row, and what a release consists of, as tables."""

from collections.abc import Iterable
from typing import NamedTuple

from tools.release.manifest import Manifest
from tools.rows import Row
from tools.tables import NOTHING, markdown, megabytes

OUTCOME_HEAD = ("Row", "Size", "Digest", "Result")
MANIFEST_HEAD = ("Image", "Tags", "Status", "Python", "Size", "Digest")
TITLE = """\
# Images of release {release}

Made of commit `{revision}`. `docker pull IMAGE@DIGEST` gets exactly these; a bill of materials
(CycloneDX) of each is beside this file.

"""


class Outcome(NamedTuple):
    """What became of a row."""

    row: Row
    result: str
    digest: str = NOTHING
    size_bytes: int = 0
    is_good: bool = True


def outcomes(rows: Iterable[Outcome]) -> str:
    """Make the table that ends a push."""
    cells = [(each.row.name, megabytes(each.size_bytes), each.digest, each.result) for each in rows]
    return markdown(OUTCOME_HEAD, cells)


def document(manifest: Manifest) -> str:
    """Make a release's manifest for people; the same images give the same text."""
    cells = [
        (
            each.image,
            ", ".join(each.tags),
            each.status,
            each.python,
            megabytes(each.size_bytes),
            f"`{each.digest}`",
        )
        for each in manifest.images
    ]
    title = TITLE.format(release=manifest.release, revision=manifest.revision)
    return title + markdown(MANIFEST_HEAD, cells)
