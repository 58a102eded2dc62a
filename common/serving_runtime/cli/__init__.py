"""The command ``serving-runtime``: serve, inspect and call models from a shell.

Only the chosen verb's module is imported, so that help and the health check start at once.
"""

import argparse
import importlib
import os
import re
import sys
from typing import List, Optional, Sequence

import serving_runtime
from serving_runtime.errors import StartError, nearest

PROGRAM = "serving-runtime"

# Each verb is the module of its name here, with add_arguments(parser) and run(arguments) -> int.
VERBS = {
    "serve": "serve a model directory over gRPC",
    "validate": "load a model and try each of its signatures, without serving",
    "predict": "send one request to a running service",
    "top": "show again and again what a running service does",
    "bench": "measure how many calls a running service answers, and how fast",
    "contract": "show a contract, or compile it from YAML",
    "image": "bake a model and its requirements into an image",
    "config": "show every setting, its value and where it comes from",
    "health": "ask a running service whether it is healthy (exit code 0 or 1)",
}

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name; those of this process if None.

    Returns:
        The exit code: 0, 1 if what was asked for failed, 130 if interrupted.

    Raises:
        SystemExit: 0 after help, 2 for arguments that make no sense.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # grpc's own lines mean nothing to a user
    arguments = _parse(list(sys.argv[1:] if argv is None else argv))
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except StartError as error:
        print(f"{PROGRAM} {arguments.verb}: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # `… | head` has read enough; Python's own flush at exit must not fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parse(argv: List[str]) -> argparse.Namespace:
    verb = next((word for word in argv if not word.startswith("-")), "")
    parser = _parser(verb)
    if verb and verb not in VERBS:
        suggestion = nearest(verb, tuple(VERBS))
        parser.error(f'no verb "{verb}"{suggestion or "."} There are {", ".join(VERBS)}')
    arguments, unknown = parser.parse_known_args(argv)
    if not arguments.verb:
        parser.print_help(sys.stderr)
        sys.exit(USAGE)
    if unknown:
        _refuse(arguments.parser, unknown)
    return arguments


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=serving_runtime.__doc__,
        epilog=f"`{PROGRAM} VERB --help` tells more about a verb.",
        allow_abbrev=False,
    )
    version = getattr(serving_runtime, "__version__", "unknown")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version}")
    # Not required: argparse of Python 3.6 does not know that argument.
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, summary in VERBS.items():
        added = verbs.add_parser(verb, help=summary, allow_abbrev=False)
        if verb == chosen:
            _complete(added, verb)
    return parser


def _complete(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the arguments of the chosen verb; the others are only listed."""
    module = importlib.import_module(f"{__name__}.{verb}")
    parser.description = (module.__doc__ or "").strip()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    module.add_arguments(parser)
    parser.set_defaults(run=module.run, parser=parser)


def _refuse(parser: argparse.ArgumentParser, unknown: List[str]) -> None:
    flags = tuple(re.findall(r"--[a-z][a-z-]*", parser.format_help()))
    word = unknown[0].split("=")[0]
    suggestion = nearest(word, flags) if word.startswith("-") else ""
    parser.error(f"unexpected argument {word}{suggestion}")
