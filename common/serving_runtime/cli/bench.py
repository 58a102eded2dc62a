"""Measure how many calls a running service answers, and how fast, with more and more callers.

The request is made of zeros from the model's contract, which the service is asked for. Callers
are doubled until more of them bring nothing. Calls go by gRPC or, where the address is a URL, by
HTTP (Open Inference). The client runs in this process: where it is the
limit itself, the result says so.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Optional

from serving_runtime.cli import addresses, credentials, flags
from serving_runtime.cli.tables import table
from serving_runtime.errors import StartError
from serving_runtime.settings import parsing

if TYPE_CHECKING:
    from serving_runtime.bench.level import Level
    from serving_runtime.bench.load import Load
    from serving_runtime.client.connection import ConnectionOptions
    from serving_runtime.signature import Contract, Signature

WARM_UP_SECONDS = 0.5
WARM_UP_CALLERS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    addresses.add(parser, deadline="10s")
    # Scripts from before `--address` give it alone; where both are given, the last one counts.
    parser.add_argument("address", nargs="?", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    _add_request(parser)
    _add_load(parser)
    credentials.add(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")


def _add_request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--contract",
        metavar="PATH",
        type=Path,
        help="a contract or model directory, for a service that does not tell its own",
    )
    parser.add_argument(
        "--signature",
        metavar="NAME",
        default="",
        help="the signature to call (default: the only one, or serving_default)",
    )
    parser.add_argument(
        "--rows",
        metavar="N",
        type=flags.read_by(parsing.POSITIVE),
        default=1,
        help="rows of each request, where the inputs' first axis is free (default 1)",
    )
    parser.add_argument(
        "--typed",
        action="store_true",
        help="send numbers in typed fields (by HTTP: in JSON), not as raw bytes",
    )


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        metavar="TIME",
        type=flags.read_by(parsing.POSITIVE_SECONDS),
        default=5.0,
        help="how long each number of callers is measured (default 5s)",
    )
    parser.add_argument(
        "--concurrency",
        metavar="N,…",
        type=_numbers,
        default=[],
        help="these numbers of callers, instead of 1, 2, 4, … until throughput stops growing",
    )
    parser.add_argument(
        "--connections",
        metavar="N",
        type=flags.read_by(parsing.POSITIVE),
        default=1,
        help="over how many connections callers are spread (default 1; by HTTP each has its own)",
    )


def _numbers(text: str) -> List[int]:
    read = flags.read_by(parsing.POSITIVE)
    return [read(part) for part in text.split(",")]


def run(arguments: argparse.Namespace) -> int:
    """Measure and report; returns 0, or 1 if no call was answered.

    Raises:
        StartError: the service is not there, does not answer, or has no such signature; or the
            file cannot be written.
    """
    from serving_runtime.bench import display, saturation

    if arguments.json:
        _write(arguments.json, "", mode="a")  # not at the end, when all figures would be lost
    load = _load(arguments)
    levels = list(_levels(load, arguments))
    remarks = saturation.remarks(levels, climbed=not arguments.concurrency)
    print(table(display.HEADS, display.rows_of(levels, arguments.rows)), *remarks, sep="\n")
    if arguments.json:
        report = {
            "address": load.address,
            "rows": arguments.rows,
            "connections": load.connections,
            "request_bytes": len(load.request),
            "levels": [display.as_objects(level, arguments.rows) for level in levels],
            "remarks": remarks,
        }
        _write(arguments.json, json.dumps(report, indent=2) + "\n")
    return 0 if any(level.answered for level in levels) else 1


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise StartError(
            f"{path} cannot be written: {error.strerror}; name another file with --json FILE"
        ) from None


def _levels(load: "Load", arguments: argparse.Namespace) -> "Iterator[Level]":
    """Measure level after level, and show each as soon as it is there."""
    from serving_runtime.bench import display, level, saturation

    live = display.Live(sys.stderr, load.seconds)

    def measured(callers: int) -> "Level":
        found = level.measure(load, callers, live.progress)
        live.keep(found)
        return found

    level.measure(load._replace(seconds=WARM_UP_SECONDS), WARM_UP_CALLERS, live.progress)
    live.clear()
    if arguments.concurrency:
        yield from map(measured, arguments.concurrency)
    else:
        yield from saturation.climb(measured)


def _load(arguments: argparse.Namespace) -> "Load":
    """Make the request, and try it once."""
    address = addresses.of(arguments)
    options = credentials.of(arguments)
    by_http = address.lower().startswith(("http://", "https://"))
    return (_http_load if by_http else _grpc_load)(address, options, arguments)


def _grpc_load(address: str, options: "ConnectionOptions", arguments: argparse.Namespace) -> "Load":
    from serving_runtime import operations
    from serving_runtime.bench import samples
    from serving_runtime.bench.load import Load
    from serving_runtime.client import metadata

    contract = _given(arguments) or metadata.contract(address, arguments.deadline, options)
    signature = _chosen(contract, arguments)
    request = samples.request(signature, arguments.rows, as_content=not arguments.typed)
    metadata.ask(address, operations.PREDICT.grpc_method, request, arguments.deadline, options)
    return Load(
        address, request, arguments.seconds, arguments.deadline, arguments.connections, options
    )


def _http_load(address: str, options: "ConnectionOptions", arguments: argparse.Namespace) -> "Load":
    from serving_runtime.bench import samples
    from serving_runtime.bench.load import Load
    from serving_runtime.client import CallFailed, rest_metadata
    from serving_runtime.client.rest import RestClient, infer_request
    from serving_runtime.errors import ServingError

    with RestClient(address, options) as client:
        contract = _given(arguments) or rest_metadata.contract(client, arguments.deadline)
        signature = _chosen(contract, arguments)
        try:
            inputs = samples.inputs(signature, arguments.rows)
            body, headers = infer_request(signature.name, inputs, not arguments.typed)
            path = f"{client.model_path(arguments.deadline)}/infer"
            client.ask("POST", path, body, headers, arguments.deadline)
        except (CallFailed, ServingError) as failed:
            raise StartError(f"{address}: {failed}") from None
    return Load(
        address,
        body,
        arguments.seconds,
        arguments.deadline,
        options=options,
        path=path,
        headers=headers,
    )


def _given(arguments: argparse.Namespace) -> "Optional[Contract]":
    from serving_runtime.cli.contract import contract_in
    from serving_runtime.contract import read_contract

    if not arguments.contract:
        return None
    return read_contract(contract_in(arguments.contract))


def _chosen(contract: "Contract", arguments: argparse.Namespace) -> "Signature":
    from serving_runtime.client import error_text
    from serving_runtime.errors import InvalidInput
    from serving_runtime.validation.selection import choose_signature

    try:
        return choose_signature(contract, arguments.signature)
    except InvalidInput as error:
        raise StartError(error_text(error)) from None
