"""Ask a running service whether it is healthy: exit code 0 if it is, 1 if not.

It speaks gRPC's health protocol, for Docker's HEALTHCHECK and for scripts.
"""

import argparse
import sys

from serving_runtime.cli import addresses, credentials


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    addresses.add(parser, deadline="3s")
    credentials.add(parser)
    parser.add_argument(
        "--service",
        metavar="NAME",
        default="",
        help="the gRPC service to ask about; by default the server as a whole",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the service's health; returns 0 if it is SERVING, else 1.

    Raises:
        SettingError: APP_PORT, a certificate or a token cannot be read.
    """
    from serving_runtime.client import CallFailed, Client

    with Client(addresses.of(arguments), credentials.of(arguments)) as client:
        try:
            status = client.health(arguments.service, arguments.deadline)
        except CallFailed as error:
            print(error, file=sys.stderr)
            return 1
    print(status)
    return 0 if status == "SERVING" else 1
