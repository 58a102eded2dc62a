"""Show a contract, or compiles one from YAML to the contract.protobin that is served."""

import argparse
import json
import sys
from pathlib import Path
from typing import Tuple

from serving_runtime.errors import LoadError, StartError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help="print a contract, and which format it was in")
    show.add_argument("path", type=Path, metavar="PATH", help="a contract, or a model directory")
    show.add_argument(
        "--format", choices=("table", "yaml", "json"), default="table", help="(default: table)"
    )
    show.set_defaults(parser=show)
    compiling = actions.add_parser("compile", help="write contract.protobin")
    compiling.add_argument(
        "source", type=Path, metavar="SOURCE", help="contract.yaml, or a contract in any old format"
    )
    compiling.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write, - for standard output (default: contract.protobin beside SOURCE)",
    )
    compiling.set_defaults(parser=compiling)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; returns the exit code.

    Raises:
        StartError: the contract cannot be read, served or written.
    """
    if not arguments.action:
        arguments.parser.error("expected an action: show PATH, or compile SOURCE")
    return _show(arguments) if arguments.action == "show" else _compile(arguments)


def format_name(path: Path) -> str:
    """Return the format of a contract that can be read."""
    from serving_runtime.contract import YAML_SUFFIXES, formats

    if path.suffix in YAML_SUFFIXES:
        return "YAML"
    return " or ".join(formats.titles_of(path.read_bytes()))


def _show(arguments: argparse.Namespace) -> int:
    from serving_runtime import contract
    from serving_runtime.cli import signatures

    path = contract_in(arguments.path)
    shown = contract.read_contract(path)
    # Beside the result and not in it, so that the latter can be read by a program.
    notes = sys.stdout if arguments.format == "table" else sys.stderr
    print(f'{path}: model "{shown.model_name}", in the format of {format_name(path)}', file=notes)
    if arguments.format == "yaml":
        print(contract.write_yaml(shown), end="")
    elif arguments.format == "json":
        print(json.dumps(signatures.contract_json(shown), indent=2, ensure_ascii=False))
    else:
        print(f"\n{signatures.contract_table(shown)}")
    return 0


def contract_in(path: Path) -> Path:
    """Return the contract itself, for a file or for a model directory.

    Raises:
        LoadError: the directory has none.
    """
    from serving_runtime.framework.model_dir import PROTOBIN, YAML

    if not path.is_dir():
        return path
    for name in (PROTOBIN, YAML):
        if (path / name).is_file():
            return path / name
    raise LoadError(
        f"{path} has no contract: expected {PROTOBIN} or {YAML} in it",
        f"write a {YAML}; `serving-runtime contract compile {YAML}` checks it",
    )


def _compile(arguments: argparse.Namespace) -> int:
    from serving_runtime import contract
    from serving_runtime.framework.model_dir import PROTOBIN

    source = contract.read_contract(arguments.source)
    data = contract.serialise(source)
    if arguments.output == "-":
        sys.stdout.buffer.write(data)
        return 0
    target = Path(arguments.output) if arguments.output else arguments.source.with_name(PROTOBIN)
    _write(target, data)
    print(f"{target}: {len(data)} bytes, {_counted(source.names)}")
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StartError(
            f"{path} cannot be written: {error.strerror}", "name another file with -o FILE"
        ) from None


def _counted(names: Tuple[str, ...]) -> str:
    return f"{len(names)} signature{'s' if len(names) > 1 else ''} ({', '.join(names)})"
