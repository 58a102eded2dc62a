"""Provide the bases of every row that is built, or of those that are named."""

import argparse
import sys

from tools import rows
from tools.offline import bases, engine


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.offline.bases", description=(bases.__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="such as python:3.13-slim-bookworm"
    )
    names = parser.parse_args(arguments).names
    try:
        engine.ensure()
        wanted = names or dict.fromkeys(row.base for row in rows.load().built)
    except (engine.EngineError, rows.MatrixError) as error:
        print(error, file=sys.stderr)
        return 1
    provided = [_provide(name) for name in wanted]
    return 0 if all(provided) else 1


def _provide(name: str) -> bool:
    print(f"[{name}] …", flush=True)
    try:
        print(f"[{name}] {bases.ensure(name)}", flush=True)
    except bases.BaseError as error:
        print(f"[{name}] {error}", file=sys.stderr, flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
