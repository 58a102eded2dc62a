"""Publish images that are verified; a row that fails does not stop the others."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools import docker, locks
from tools.images.selection import chosen
from tools.offline import engine
from tools.release import manifest, pushing, registering, registry, report, sbom, signing
from tools.release.report import Outcome
from tools.rows import Matrix, MatrixError, Row, load

FAILURES = (
    docker.DockerError,
    locks.LockError,
    manifest.ManifestError,
    pushing.PushError,
    registry.DeniedError,
    sbom.SbomError,
)
ERRORS = (
    *FAILURES,
    engine.EngineError,
    MatrixError,
    registering.RegisteringError,
    signing.SigningError,
)


def push(matrix: Matrix, options: argparse.Namespace) -> int:
    """Push the chosen rows and print what became of them."""
    rows = chosen(matrix, options.runtime, options.version, options.rows)
    engine.ensure()
    outcomes = [_outcome(row, matrix.root, options) for row in rows]
    print(f"\n{report.outcomes(outcomes)}", end="")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _outcome(row: Row, root: Path, options: argparse.Namespace) -> Outcome:
    try:
        return _pushed(row, root, options)
    except FAILURES as error:
        _say(row.name, f"failed:\n{error}")
        first = str(error).splitlines()[0]
        return Outcome(row, f"failed: {first[:80]}", is_good=False)


def _pushed(row: Row, root: Path, options: argparse.Namespace) -> Outcome:
    say = _teller(row)
    if options.preview and options.dry_run:
        pushing.verified(row)
        return Outcome(row, f"would push {pushing.preview_of(row)}")
    if options.dry_run:
        return Outcome(row, pushing.rehearse(row, say))
    if options.preview:
        return Outcome(row, pushing.preview_of(row), pushing.push_preview(row, say))
    published = pushing.push(row, root, say)
    return Outcome(row, ", ".join(published.tags), published.digest, published.size_bytes)


def make_sbom(matrix: Matrix, options: argparse.Namespace) -> int:
    """Write one row's bill of materials."""
    (row,) = chosen(matrix, options.runtime, options.version, "")
    engine.ensure()
    path = sbom.make(row, matrix.root)
    print(path.relative_to(matrix.root))
    return 0


def make_manifest(matrix: Matrix, options: argparse.Namespace) -> int:
    """Merge the records of a release, for programs and for people."""
    merged = manifest.merge(manifest.records(matrix.root))
    manifest.refuse_if_unfit(merged, options.tag)
    path = manifest.write(matrix.root, merged)
    path.with_suffix(".md").write_text(report.document(merged), encoding="utf-8")
    print(f"{path.relative_to(matrix.root)}: {len(merged.images)} images of {merged.release}")
    return 0


def sign(matrix: Matrix, options: argparse.Namespace) -> int:
    """Sign every image of the manifest."""
    path = matrix.root / manifest.MANIFEST
    for image in manifest.read(path).images:
        say = _teller(image)
        signing.sign(image, path.parent, options.options, say)
    return 0


def _teller(each: Row | manifest.Published) -> Callable[[str], None]:
    return lambda text: _say(f"{each.runtime}/{each.version}", text)


def _say(name: str, text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} [{name}] {text}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.release", description=(__doc__ or "").split("\n", 1)[0]
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    pushes = verbs.add_parser("push", help="push rows to their registry, and record them")
    _add_push_arguments(pushes)
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

    tells = verbs.add_parser("register", help="tell a Hydrosphere manager of what was pushed")
    registering.add_arguments(tells)
    tells.set_defaults(run=registering.run)
    return parser


def _add_push_arguments(pushes: argparse.ArgumentParser) -> None:
    pushes.add_argument("runtime", nargs="?", help="such as python; all if absent")
    pushes.add_argument("version", nargs="?", help="such as 3.13; all if absent")
    pushes.add_argument("--rows", default="", metavar="WHICH", help="oldest, newest, proof: a,b")
    pushes.add_argument("--preview", action="store_true", help="push <version>-preview alone")
    pushes.add_argument("--dry-run", action="store_true", help="ask the registry, push nothing")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(load(), options)
    except ERRORS as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
