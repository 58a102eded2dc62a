"""Publish images that are verified; a row that fails does not stop the others."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from tools import command_line
from tools.command_line import ToolError, progress
from tools.images import selection
from tools.offline import engine
from tools.release import manifest, pushing, registering, sbom, signing
from tools.rows import Matrix, Row, load
from tools.tables import NOTHING, markdown, megabytes


class Outcome(NamedTuple):
    """What became of a row."""

    row: Row
    result: str
    digest: str = NOTHING
    size_bytes: int = 0
    is_good: bool = True


def push(matrix: Matrix, options: argparse.Namespace) -> int:
    """Push the chosen rows and print what became of them."""
    rows = selection.chosen(matrix, options.runtime, options.version, options.rows)
    engine.ensure()
    outcomes = [_outcome(row, matrix.root, options) for row in rows]
    cells = [(it.row.name, megabytes(it.size_bytes), it.digest, it.result) for it in outcomes]
    print(f"\n{markdown(('Row', 'Size', 'Digest', 'Result'), cells)}", end="")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _outcome(row: Row, root: Path, options: argparse.Namespace) -> Outcome:
    try:
        return _pushed(row, root, options)
    except ToolError as error:
        progress(row.name, f"failed:\n{error}")
        first = str(error).splitlines()[0]
        return Outcome(row, f"failed: {first[:80]}", is_good=False)


def _pushed(row: Row, root: Path, options: argparse.Namespace) -> Outcome:
    def report(text: str) -> None:
        progress(row.name, text)

    if options.preview and options.dry_run:
        pushing.verified(row)
        return Outcome(row, f"would push {pushing.preview_of(row)}")
    if options.dry_run:
        return Outcome(row, pushing.rehearse(row, report))
    if options.preview:
        return Outcome(row, pushing.preview_of(row), pushing.push_preview(row, report))
    published = pushing.push(row, root, report)
    return Outcome(row, ", ".join(published.tags), published.digest, published.size_bytes)


def make_sbom(matrix: Matrix, options: argparse.Namespace) -> int:
    """Write one row's bill of materials."""
    (row,) = selection.chosen(matrix, options.runtime, options.version, "")
    engine.ensure()
    print(sbom.make(row, matrix.root).relative_to(matrix.root))
    return 0


def make_manifest(matrix: Matrix, options: argparse.Namespace) -> int:
    """Merge the records of a release."""
    merged = manifest.merge(manifest.records(matrix.root))
    manifest.refuse_if_unfit(merged, options.tag)
    path = manifest.write(matrix.root, merged)
    print(f"{path.relative_to(matrix.root)}: {len(merged.images)} images of {merged.release}")
    return 0


def sign(matrix: Matrix, options: argparse.Namespace) -> int:
    """Sign every image of the manifest."""
    path = matrix.root / manifest.MANIFEST
    for image in manifest.read(path).images:
        signing.sign(image, path.parent, options.options)
    return 0


def register(matrix: Matrix, options: argparse.Namespace) -> int:
    """Register the images of the manifest, or print what would be sent."""
    images = manifest.read(matrix.root / options.manifest).images
    if options.dry_run:
        print("\n".join(json.dumps(registering.body(image, options.tag)) for image in images))
        return 0
    manager = options.manager or os.environ.get(registering.VARIABLE, "")
    return 1 if registering.register_all(registering.endpoint(manager), images, options.tag) else 0


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser("tools.release", __doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    pushes = verbs.add_parser("push", help="push rows to their registry, and record them")
    selection.add_arguments(pushes, picks=True)
    pushes.add_argument("--preview", action="store_true", help="push <version>-preview alone")
    pushes.add_argument("--dry-run", action="store_true", help="ask the registry, push nothing")
    pushes.set_defaults(run=push)

    lists = verbs.add_parser("sbom", help="write the bill of materials of a row's image")
    lists.add_argument("runtime")
    lists.add_argument("version")
    lists.set_defaults(run=make_sbom)

    merges = verbs.add_parser("manifest", help="merge the records of what was pushed")
    merges.add_argument("--tag", default="", help="of git, which must be the release's: v0.1.0")
    merges.set_defaults(run=make_manifest)

    signs = verbs.add_parser("sign", help="sign what the manifest lists, by cosign")
    signs.add_argument("options", nargs="*", help="of cosign, after --")
    signs.set_defaults(run=sign)

    registers = verbs.add_parser(
        "register", help="register what was pushed with a Hydrosphere manager"
    )
    registers.add_argument(
        "--manager", metavar="URL", help=f"else the variable {registering.VARIABLE}"
    )
    registers.add_argument("--manifest", type=Path, default=manifest.MANIFEST, metavar="FILE")
    registers.add_argument(
        "--tag", choices=registering.TAGS, default="latest", help="by which (default: that moves)"
    )
    registers.add_argument("--dry-run", action="store_true", help="only print what would be sent")
    registers.set_defaults(run=register)
    return parser


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    code: int = options.run(load(), options)
    return code


if __name__ == "__main__":
    sys.exit(main())
