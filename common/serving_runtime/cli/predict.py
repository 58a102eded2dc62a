"""Send one request to a running service and print its answer.

It goes by gRPC or, where the address is a URL, by HTTP (Open Inference). Inputs are a JSON object
of arrays, a CSV with a header (each column is the input of its name), or an .npz file. Numbers
travel as float64 or int64, which the service casts where no value is lost; with --contract they are
converted here, exactly as the contract says.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List

from serving_runtime.cli import addresses, credentials
from serving_runtime.errors import ServingError

SHOWN_VALUES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    addresses.add(parser, deadline="10s")
    credentials.add(parser)
    parser.add_argument(
        "--signature",
        metavar="NAME",
        default="",
        help="the signature to call (default: the only one, or serving_default)",
    )
    parser.add_argument(
        "--input",
        metavar="FILE|JSON|-",
        default="-",
        help="the inputs: a file, a JSON object itself, or - for standard input (default)",
    )
    parser.add_argument(
        "--input-name",
        metavar="NAME",
        default="",
        help="the one input that all columns of a CSV make together, as rows of a 2-D array",
    )
    parser.add_argument(
        "--contract",
        metavar="PATH",
        type=Path,
        help="a contract or model directory, to convert and reshape the inputs here",
    )
    parser.add_argument(
        "--reset-state",
        action="store_true",
        help="let a stateful model forget all earlier calls, of every client, before this one",
    )
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="(default: table)"
    )
    _add_encodings(parser)


def _add_encodings(parser: argparse.ArgumentParser) -> None:
    encodings = parser.add_mutually_exclusive_group()
    encodings.add_argument(
        "--content",
        dest="as_content",
        action="store_true",
        default=True,
        help="send numbers as raw bytes (by HTTP: after the JSON), and get them back so (default)",
    )
    encodings.add_argument(
        "--typed",
        dest="as_content",
        action="store_false",
        help="send numbers in typed fields, as Hydrosphere's own clients do (by HTTP: in JSON)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Call the service; returns 0, or 1 if the inputs are unusable or the call failed.

    Raises:
        StartError: the contract, APP_PORT, a certificate or a token cannot be read.
    """
    from serving_runtime.cli.inputs import UnreadableInput
    from serving_runtime.client import CallFailed, connect, error_text

    try:
        inputs = _inputs(arguments)
        with connect(addresses.of(arguments), credentials.of(arguments)) as client:
            outputs = client.predict(
                arguments.signature,
                inputs,
                arguments.deadline,
                arguments.as_content,
                arguments.reset_state,
            )
    except (UnreadableInput, TypeError, ServingError, CallFailed) as error:
        print(error_text(error), file=sys.stderr)
        return 1
    print(_json(outputs) if arguments.format == "json" else _table(outputs))
    if client.state_epoch is not None:  # beside the outputs, which may be a program's to read
        print(f"state epoch: {client.state_epoch}", file=sys.stderr)
    return 0


def _inputs(arguments: argparse.Namespace) -> Dict[str, Any]:
    from serving_runtime.cli import inputs

    if not arguments.contract:
        return inputs.read(arguments.input, arguments.input_name)
    from serving_runtime.cli import conversion
    from serving_runtime.cli.contract import contract_in
    from serving_runtime.contract import read_contract
    from serving_runtime.validation.selection import choose_signature

    contract = read_contract(contract_in(arguments.contract))
    signature = choose_signature(contract, arguments.signature)
    texts = conversion.text_names(signature)
    read = inputs.read(arguments.input, arguments.input_name, texts)
    return conversion.convert(signature, read)


def _table(outputs: Dict[str, Any]) -> str:
    from serving_runtime.cli.tables import table

    return table(("output", "dtype", "shape", "values"), _rows(outputs))


def _rows(outputs: Dict[str, Any], prefix: str = "") -> List[List[str]]:
    import numpy as np

    from serving_runtime.signature import dtype_name, shape_text

    rows: List[List[str]] = []
    for name, value in outputs.items():
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{name}.")
            continue
        if _are_maps(value):
            for index, item in enumerate(value.ravel()):
                rows += _rows(item, f"{prefix}{name}[{index}].")
            continue
        shown = np.array2string(_readable(value), threshold=SHOWN_VALUES, max_line_width=80)
        rows.append([prefix + name, dtype_name(value.dtype), shape_text(value.shape), shown])
    return rows


def _json(outputs: Dict[str, Any]) -> str:
    # Complex numbers have no JSON; what is written is what Python reads.
    return json.dumps(_plain(outputs), ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if _are_maps(value):
        return [_plain(item) for item in value]
    return _readable(value).tolist()


def _are_maps(array: Any) -> bool:
    return bool(array.dtype == object and array.size and isinstance(array.flat[0], dict))


def _readable(array: Any) -> Any:
    """Return an array whose strings are text: bytes that are not UTF-8 are shown escaped."""
    import numpy as np

    if array.dtype != object:
        return array
    texts = np.empty(array.size, dtype=object)
    texts[:] = [item.decode("utf-8", "backslashreplace") for item in array.ravel().tolist()]
    return texts.reshape(array.shape)
