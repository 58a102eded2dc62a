"""Plant each fault, run the tests of the short suite that must catch it, and list what did."""

import argparse
import collections
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.planted.faults import FAULTS, ROOT, Fault
from tests.planted.planting import PASSED, Outcome, Tree
from tools.environments import ENVIRONMENTS

# For all of their tests together.
SOUND_SECONDS = 3600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if a fault went unnoticed."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    unknown = [part for part in arguments.parts if part not in FAULTS]
    if unknown:
        parser.error(f"no fault for {', '.join(unknown)}; there are: {', '.join(FAULTS)}")
    faults = [FAULTS[part] for part in arguments.parts or FAULTS]
    if arguments.environments == ENVIRONMENTS:
        _make({fault.environment for fault in faults})
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        tree = Tree(ROOT, Path(name), arguments.environments.resolve())
        if not arguments.skip_sound and not _is_sound(tree, faults):
            return 1
        outcomes = [_try(tree, fault) for fault in faults]
    missed = [it.fault.part for it in outcomes if not it.caught_by]
    print(f"\n{len(outcomes) - len(missed)} of {len(outcomes)} planted faults were caught")
    if missed:
        print(f"not caught: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help="only these; see faults.yaml")
    add("--environments", type=Path, default=ENVIRONMENTS, metavar="FOLDER",
        help="with made virtual environments (default .venvs, where they are made)")  # fmt: skip
    add("--skip-sound", action="store_true", help="do not see first that the tests pass unplanted")
    return parser


def _make(names: Iterable[str]) -> None:
    """Make the environments that are missing, outside of what is measured."""
    for name in sorted(names):
        subprocess.run([sys.executable, "-m", "tools.environments", "create", name], check=True)


def _is_sound(tree: Tree, faults: Sequence[Fault]) -> bool:
    """Return whether the tests pass without a fault; else no failure would prove anything."""
    tests: dict[str, set[str]] = collections.defaultdict(set)
    for fault in faults:
        tests[fault.environment].update(fault.tests)
    for environment, paths in tests.items():
        code, said = tree.run(environment, sorted(paths), seconds=SOUND_SECONDS)
        print(f"without a fault, {environment}: {said.splitlines()[-1]}", flush=True)
        if code != PASSED:
            print(said, file=sys.stderr)
            return False
    return True


def _try(tree: Tree, fault: Fault) -> Outcome:
    outcome = tree.try_fault(fault)
    caught = outcome.caught_by or f"NOT CAUGHT\n{outcome.said[-2000:]}"
    print(f"{fault.part:<16} {outcome.seconds:>5.0f} s  {caught}", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
