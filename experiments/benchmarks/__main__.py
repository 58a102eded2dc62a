"""Run the benchmarks: set up, compare, grow, profile and report."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.benchmarks import (
    ablation,
    baseline,
    batch,
    cli_arguments,
    codec,
    comparison,
    devices,
    load,
    memory,
    own_protocols,
    profiles,
    scaling,
    server,
    setup,
    side_by_side,
    suite,
)
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.curves import BY_NAME as CURVES
from experiments.benchmarks.rounds import Plan
from tools.offline.packages import NotDebianError

CONCURRENCY = "1,8,64,64/1"
FAILED = 1
PROBLEMS = (setup.SetUpError, NotDebianError, load.LoadError, server.ServerError,
            profiles.ProfileError, baseline.BaselineError, devices.DeviceError)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return FAILED if arguments.run(arguments) else 0
    except PROBLEMS as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.benchmarks", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (help_text, run, describe) in VERBS.items():
        verb = verbs.add_parser(name, help=help_text, description=help_text)
        describe(verb)
        verb.set_defaults(run=run)
    return parser


def _nothing(verb: argparse.ArgumentParser) -> None:
    """Describe a verb without arguments."""


def _of_run(verb: argparse.ArgumentParser) -> None:
    cli_arguments.add_selection(verb)
    cli_arguments.add_concurrency(verb, CONCURRENCY)
    cli_arguments.add_seconds(verb, 10.0)
    verb.add_argument("--rounds", type=int, default=3, help="(default 3)")
    cli_arguments.add_folder(verb)


def _of_growth(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--curves",
        type=cli_arguments.chooser(CURVES),
        default=list(CURVES.values()),
        metavar="NAME,…",
        help=f"of {', '.join(CURVES)} (default: all)",
    )
    cli_arguments.add_seconds(verb, suite.GROWTH_SECONDS)
    cli_arguments.add_folder(verb)


def _of_memory(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--case", choices=CASES, default="iris", help="(default iris)")
    cli_arguments.add_requests(verb)
    cli_arguments.add_folder(verb)


def _of_profile(verb: argparse.ArgumentParser) -> None:
    chosen = [CASES[name] for name in suite.PROFILED]
    verb.add_argument(
        "--cases",
        type=cli_arguments.chooser(CASES),
        default=chosen,
        metavar="NAME,…",
        help=f"(default {','.join(suite.PROFILED)})",
    )
    cli_arguments.add_concurrency(verb, suite.PROFILE_SHAPE.name)
    cli_arguments.add_seconds(verb, suite.PROFILE_SECONDS)
    cli_arguments.add_folder(verb)


def _of_compare(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--base", required=True, metavar="COMMIT|DIR", help="what to compare with")
    cli_arguments.add_pairs(verb, side_by_side.PAIRS)
    cli_arguments.add_seconds(verb, side_by_side.SECONDS)
    for flag, whose in (("--settings", "this tree's"), ("--base-settings", "the base's")):
        verb.add_argument(flag, type=cli_arguments.settings, default={}, metavar="NAME=VALUE,…",
                          help=f"of {whose} service (default: its defaults)")  # fmt: skip
    cli_arguments.add_folder(verb)


def _of_protocols(verb: argparse.ArgumentParser) -> None:
    cli_arguments.add_pairs(verb, side_by_side.PAIRS)
    cli_arguments.add_seconds(verb, side_by_side.SECONDS)
    cli_arguments.add_folder(verb)


def _of_ablation(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--devices",
        type=cli_arguments.chooser(devices.BY_NAME),
        default=list(devices.BY_NAME.values()),
        metavar="NAME,…",
        help=f"of {', '.join(devices.BY_NAME)} (default: all)",
    )
    cli_arguments.add_pairs(verb, ablation.PAIRS)
    cli_arguments.add_seconds(verb, ablation.SECONDS)
    cli_arguments.add_folder(verb)


def _of_batch(verb: argparse.ArgumentParser) -> None:
    batch.describe(verb)
    cli_arguments.add_folder(verb)


def _of_all(verb: argparse.ArgumentParser) -> None:
    cli_arguments.add_seconds(verb, suite.SECONDS)
    cli_arguments.add_requests(verb)
    verb.add_argument("--once", action="store_true", help="one round of everything")
    cli_arguments.add_folder(verb)


def _of_report(verb: argparse.ArgumentParser) -> None:
    cli_arguments.add_folder(verb)
    verb.add_argument(
        "--output",
        type=Path,
        default=setup.BUILD,
        metavar="DIR",
        help="where performance.md and its folder go (default: beside the results)",
    )


def _setup(arguments: argparse.Namespace) -> int:
    """Make what the selection needs; one peer that cannot be had does not stop the others."""
    load.install()
    wanted = {peer.environment_for(case) for peer in arguments.peers for case in arguments.cases
              if case.name in peer.cases}  # fmt: skip
    failed = 0
    for name in sorted(it for it in wanted if it in setup.names()):
        try:
            setup.make(name)
        except setup.SetUpError as error:
            failed += 1
            print(f"benchmarks: {error}", file=sys.stderr)
    return failed


def _run(arguments: argparse.Namespace) -> int:
    peers = cli_arguments.possible(arguments.peers, arguments.cases)
    shapes, seconds, rounds = arguments.concurrency, arguments.seconds, arguments.rounds
    plan = Plan(peers, arguments.cases, shapes, seconds, rounds)
    return comparison.run([plan], arguments.results / "results.json")


def _growth(arguments: argparse.Namespace) -> int:
    return scaling.run(arguments.curves, arguments.seconds, arguments.results / "growth.json")


def _memory(arguments: argparse.Namespace) -> int:
    return memory.run(arguments.requests, arguments.case, arguments.results / "memory.json")


def _codec(arguments: argparse.Namespace) -> int:
    return codec.run(arguments.results / "codec.json")


def _batch(arguments: argparse.Namespace) -> int:
    return batch.run(arguments.rows, arguments.rounds, arguments.results / batch.FILE)


def _profile(arguments: argparse.Namespace) -> int:
    shape = arguments.concurrency[0]
    return profiles.run(arguments.cases, shape, arguments.seconds, arguments.results)


def _compare(arguments: argparse.Namespace) -> int:
    options = side_by_side.Options(
        arguments.base,
        arguments.pairs,
        arguments.seconds,
        arguments.settings,
        arguments.base_settings,
    )
    return side_by_side.run(options, arguments.results / side_by_side.FILE)


def _protocols(arguments: argparse.Namespace) -> int:
    path = arguments.results / own_protocols.FILE
    return own_protocols.run(arguments.pairs, arguments.seconds, path)


def _ablation(arguments: argparse.Namespace) -> int:
    chosen = arguments.devices, arguments.pairs, arguments.seconds
    return ablation.run(*chosen, arguments.results / ablation.FILE)


def _all(arguments: argparse.Namespace) -> int:
    return suite.run(arguments.results, arguments.seconds, arguments.requests, arguments.once)


def _report(arguments: argparse.Namespace) -> int:
    from experiments.benchmarks import document

    for path in document.write(arguments.results, arguments.output):
        print(f"written: {path}")
    return 0


VERBS = {
    "list": ("show peers, cases, curves and what is set up", cli_arguments.show_choices, _nothing),
    "setup": ("make the peers' environments and models", _setup, cli_arguments.add_selection),
    "run": ("load the peers in turns", _run, _of_run),
    "growth": ("load our service with more and more of one thing", _growth, _of_growth),
    "memory": ("watch our service's memory over very many requests", _memory, _of_memory),
    "codec": ("measure reading and writing tensors in process", _codec, cli_arguments.add_folder),
    "batch": ("measure batch scoring beside a loop by hand", _batch, _of_batch),
    "profile": ("record flame graphs of our service under load", _profile, _of_profile),
    "protocols": ("measure our other protocols beside Predict", _protocols, _of_protocols),
    "compare": ("measure this tree beside another, in pairs", _compare, _of_compare),
    "ablation": ("measure what each device of the hot path gains", _ablation, _of_ablation),
    "all": ("measure all that the performance document shows", _all, _of_all),
    "report": ("write performance.md and its plots from the results", _report, _of_report),
}


if __name__ == "__main__":
    sys.exit(main())
