"""Reads what command lines choose: peers, cases and how many requests at a time."""

import argparse
import sys
from collections.abc import Sequence

from experiments.benchmarks import load, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import Case
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.registry import BY_NAME as PEERS


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Describe `--peers` and `--cases`."""
    for flag, known in (("--peers", PEERS), ("--cases", CASES)):
        parser.add_argument(
            flag, type=chooser(known), default=list(known.values()), metavar="NAME,…",
            help=f"of {', '.join(known)} (default: all)",
        )  # fmt: skip


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
