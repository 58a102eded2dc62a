"""Read what command lines choose: peers, cases and how many requests at a time."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.benchmarks import load, memory, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import Case
from experiments.benchmarks.curves import BY_NAME as CURVES
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.registry import BY_NAME as PEERS


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Describe `--peers` and `--cases`."""
    for flag, known in (("--peers", PEERS), ("--cases", CASES)):
        parser.add_argument(
            flag, type=chooser(known), default=list(known.values()), metavar="NAME,…",
            help=f"of {', '.join(known)} (default: all)",
        )  # fmt: skip


def add_concurrency(verb: argparse.ArgumentParser, default: str) -> None:
    """Describe `--concurrency`."""
    verb.add_argument(
        "--concurrency",
        type=shapes,
        default=default,
        metavar="N[/CONNECTIONS],…",
        help=f"requests at a time; 64/1 is on one connection (default {default})",
    )


def add_seconds(verb: argparse.ArgumentParser, default: float) -> None:
    """Describe `--seconds`."""
    help_text = f"of each measurement (default {default:g})"
    verb.add_argument("--seconds", type=float, default=default, help=help_text)


def add_requests(verb: argparse.ArgumentParser) -> None:
    """Describe `--requests`."""
    verb.add_argument(
        "--requests",
        type=int,
        default=memory.REQUESTS,
        help=f"over which the memory is watched (default {memory.REQUESTS:,})",
    )


def add_folder(verb: argparse.ArgumentParser) -> None:
    """Describe `--results`."""
    verb.add_argument(
        "--results",
        type=Path,
        default=setup.BUILD,
        metavar="DIR",
        help=f"the folder of the JSON (default {setup.BUILD.relative_to(setup.ROOT)})",
    )


def add_pairs(verb: argparse.ArgumentParser, default: int) -> None:
    """Describe `--pairs`."""
    verb.add_argument("--pairs", type=int, default=default, help=f"(default {default})")


def show_choices(arguments: argparse.Namespace) -> int:
    """Print what there is to choose, and what of it is set up."""
    for case in CASES.values():
        print(f"case   {case.name:<12} {case.title}")
    for curve in CURVES.values():
        print(f"curve  {curve.name:<12} {curve.title}")
    for peer in PEERS.values():
        wanted = {peer.environment_for(CASES[name]) for name in peer.cases}
        states = [f"{it} {'ready' if setup.is_ready(it) else 'missing'}" for it in sorted(wanted)]
        print(f"peer   {peer.name:<20} {peer.title:<36} {', '.join(states)}")
    return 0


def chooser(known):
    """Return an argument's type: names out of `known`, separated by commas or blanks."""

    def choose(text: str) -> list:
        chosen = _parts(text)
        unknown = [name for name in chosen if name not in known]
        if unknown:
            problem = f"{', '.join(unknown)}: there is {', '.join(known)}"
            raise argparse.ArgumentTypeError(problem)
        return [known[name] for name in chosen]

    return choose


def shapes(text: str) -> list[load.Shape]:
    """Read how many requests at a time, and on how many connections."""
    try:
        return [load.shape_of(part) for part in _parts(text)]
    except ValueError:
        problem = f"{text!r}: expected numbers such as 8, or 64/1 for 64 on one connection"
        raise argparse.ArgumentTypeError(problem) from None


def settings(text: str) -> dict[str, str]:
    """Read settings: `NAME=VALUE`, separated by commas or blanks."""
    pairs = [part.partition("=") for part in _parts(text)]
    if not all(name and sign for name, sign, _ in pairs):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE, separated by commas")
    return {name: value for name, _, value in pairs}


def _parts(text: str) -> list[str]:
    return text.replace(",", " ").split()


def possible(peers: Sequence[Peer], cases: Sequence[Case]) -> list[Peer]:
    """Return the peers that are set up, each with the cases that it is set up for; say the rest.

    Raises:
        SetUpError: nothing is left.
    """
    left = []
    for peer in peers:
        asked = [case for case in cases if case.name in peer.cases]
        able = [case for case in asked if setup.can_run(peer, case)]
        for case in asked:
            if case not in able:
                print(f"left out: {peer.name}, {case.name}: not set up", file=sys.stderr)
        if able:
            left.append(peer._replace(cases=tuple(case.name for case in able)))
    if not left:
        raise setup.SetUpError("nothing is set up: `python -m experiments.benchmarks setup` first")
    return left
