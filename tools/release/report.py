"""Show what became of each row, and what a release consists of, as tables."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tools.release.manifest import Manifest
from tools.rows import Row

NOTHING = "-"
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
    cells = [(each.row.name, _size(each.size_bytes), each.digest, each.result) for each in rows]
    return _table(cells, OUTCOME_HEAD)


def document(manifest: Manifest) -> str:
    """Make a release's manifest for people; the same images give the same text."""
    cells = [
        (
            each.image,
            ", ".join(each.tags),
            each.status,
            each.python,
            _size(each.size_bytes),
            f"`{each.digest}`",
        )
        for each in manifest.images
    ]
    title = TITLE.format(release=manifest.release, revision=manifest.revision)
    return title + _table(cells, MANIFEST_HEAD)


def _table(cells: Sequence[Sequence[str]], head: tuple[str, ...]) -> str:
    from tabulate import tabulate  # most verbs make no table

    return tabulate(cells, head, tablefmt="github", disable_numparse=True) + "\n"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes else NOTHING
