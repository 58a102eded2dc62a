"""Read where a running service is, for the verbs that call one."""

import argparse
import os

from serving_runtime import settings
from serving_runtime.settings import parsing


def add(parser: argparse.ArgumentParser, deadline: str) -> None:
    """Add ``--address``, and ``--deadline`` with a default, to ``parser``."""
    parser.add_argument(
        "--address",
        metavar="HOST:PORT|unix:PATH|http://HOST:PORT",
        default="",
        help="where the service is: a port, or its RUNTIME_GRPC_SOCKET; a URL for HTTP (default: "
        "localhost, and $APP_PORT or 9090)",
    )
    parser.add_argument(
        "--deadline",
        metavar="TIME",
        type=seconds,
        default=deadline,
        help=f"how long to wait for the answer (default {deadline})",
    )


def of(arguments: argparse.Namespace) -> str:
    """Return the address to call: in a container the service listens on ``APP_PORT``.

    Raises:
        SettingError: APP_PORT cannot be read.
    """
    if arguments.address:
        return str(arguments.address)
    of_port = tuple(it for it in settings.SETTINGS if it.attribute == "port")
    return f"localhost:{settings.read(of_port, os.environ)['port']}"


def seconds(text: str) -> float:
    """Read a time of an argument."""
    try:
        return float(parsing.POSITIVE_SECONDS.parse(text))
    except ValueError:
        problem = f"{text!r} cannot be read: expected {parsing.POSITIVE_SECONDS.form}"
        raise argparse.ArgumentTypeError(problem) from None
