"""Runs the benchmark: list, setup, run and report."""

import argparse
import datetime
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import load, machine, rounds, setting_up
from benchmarks.cases import BY_NAME as CASES
from benchmarks.peers.registry import BY_NAME as PEERS
from tools.packages import NotDebianError

RESULTS = setting_up.BUILD / "results.json"
CONCURRENCY = "1,8,64,64/1"
FAILED, USAGE = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (setting_up.SetUpError, NotDebianError, load.LoadError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="show peers, cases and what is set up")
    listing.set_defaults(run=_list)
    setup = verbs.add_parser("setup", help="make the peers' environments and models")
    _add_selection(setup)
    setup.set_defaults(run=_setup)
    _add_run(verbs.add_parser("run", help="load the peers in turns and write the results"))
    report = verbs.add_parser("report", help="make a table and plots from results")
    report.add_argument("results", nargs="?", type=Path, default=RESULTS)
    report.add_argument("--output", type=Path, metavar="DIR", help="(default: beside the results)")
    report.set_defaults(run=_report)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    _add_selection(run)
    run.add_argument(
        "--concurrency",
        type=_shapes,
        default=CONCURRENCY,
        metavar="N[/CONNECTIONS],…",
        help=f"requests at a time; 64/1 is on one connection (default {CONCURRENCY})",
    )
    run.add_argument("--seconds", type=float, default=10.0, help="of each measurement (default 10)")
    run.add_argument("--rounds", type=int, default=3, help="(default 3)")
    run.add_argument(
        "--json", type=Path, default=RESULTS, metavar="FILE", help=f"(default {RESULTS})"
    )
    run.set_defaults(run=_run)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    for flag, known in (("--peers", PEERS), ("--cases", CASES)):
        parser.add_argument(
            flag, type=_chooser(known), default=list(known.values()), metavar="NAME,…",
            help=f"of {', '.join(known)} (default: all)",
        )  # fmt: skip


def _chooser(known):
    def choose(text: str) -> list:
        chosen = [name for name in text.replace(",", " ").split() if name]
        unknown = [name for name in chosen if name not in known]
        if unknown:
            problem = f"{', '.join(unknown)}: there is {', '.join(known)}"
            raise argparse.ArgumentTypeError(problem)
        return [known[name] for name in chosen]

    return choose


def _shapes(text: str) -> list[load.Shape]:
    try:
        return [load.shape_of(part) for part in text.replace(",", " ").split()]
    except ValueError:
        problem = f"{text!r}: expected numbers such as 8, or 64/1 for 64 on one connection"
        raise argparse.ArgumentTypeError(problem) from None


def _list(arguments: argparse.Namespace) -> int:
    for case in CASES.values():
        print(f"case  {case.name:<12} {case.title}")
    for peer in PEERS.values():
        wanted = {peer.environment_for(CASES[name]) for name in peer.cases}
        states = [
            f"{it} {'ready' if setting_up.is_ready(it) else 'missing'}" for it in sorted(wanted)
        ]
        print(f"peer  {peer.name:<20} {peer.title:<36} {', '.join(states)}")
    return 0


def _setup(arguments: argparse.Namespace) -> int:
    """Make what the selection needs; one peer that cannot be had does not stop the others."""
    load.install()
    wanted = {peer.environment_for(case) for peer in arguments.peers for case in arguments.cases
              if case.name in peer.cases}  # fmt: skip
    there_are = setting_up.names()
    failed = []
    for name in sorted(it for it in wanted if it in there_are):
        try:
            setting_up.make(name)
        except setting_up.SetUpError as error:
            failed.append(name)
            print(f"benchmarks: {error}", file=sys.stderr)
    return FAILED if failed else 0


def _run(arguments: argparse.Namespace) -> int:
    load.install()
    peers, cases = _possible(arguments)
    plan = rounds.Plan(peers, cases, arguments.concurrency, arguments.seconds, arguments.rounds)
    told: dict[str, Any] = {
        "command": f"python -m benchmarks {shlex.join(sys.argv[1:])}",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "machine": machine.describe(),
        "versions": machine.versions(peers, cases),
        "results": [],
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    for result in rounds.run(plan):
        print(_line(result), flush=True)
        told["results"].append(result._asdict())
        # A long run that is interrupted has not been in vain.
        arguments.json.write_text(json.dumps(told, indent=1) + "\n")
    print(f"written: {arguments.json}")
    return FAILED if any(result["problem"] for result in told["results"]) else 0


def _possible(arguments: argparse.Namespace):
    """Leave out what is not set up, and say so.

    Raises:
        SetUpError: nothing is left.
    """
    peers = []
    for peer in arguments.peers:
        able = [case for case in arguments.cases if setting_up.can_run(peer, case)]
        asked = [case for case in arguments.cases if case.name in peer.cases]
        for case in asked:
            if case not in able:
                print(f"left out: {peer.name}, {case.name}: not set up", file=sys.stderr)
        if able:
            peers.append(peer._replace(cases=tuple(case.name for case in able)))
    if not peers:
        raise setting_up.SetUpError("nothing is set up: `python -m benchmarks setup` first")
    return peers, arguments.cases


def _line(result: rounds.Result) -> str:
    about = f"{result.case:<12} round {result.round}  {result.peer:<20} {result.shape:>5}"
    if result.problem:
        first, _, rest = result.problem.partition("\n")
        return f"{about}  {first}" + (" (its log is in the results)" if rest else "")
    return (
        f"{about}  {result.requests_per_second:9.1f}/s  p50 {result.p50_ms:8.2f} ms"
        f"  p99 {result.p99_ms:8.2f} ms  {result.cpu_seconds_per_thousand:6.2f} CPU s/1000"
        f"  {result.pss_mb:6.0f} MB  start {result.cold_start_seconds:5.2f} s"
        f"  {result.errors} errors"
    )


def _report(arguments: argparse.Namespace) -> int:
    from benchmarks import report

    folder = arguments.output or arguments.results.parent
    for path in report.write(json.loads(arguments.results.read_text()), folder):
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
