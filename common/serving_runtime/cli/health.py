"""Ask a running service whether it is healthy: exit code 0 if it is, 1 if not.

It speaks gRPC's health protocol, or HTTP where the address is a URL, for Docker's HEALTHCHECK and
for scripts. There are three questions; name the one that is meant:

  --probe readiness  whether to send calls there (the default)
  --probe liveness   whether it may be left to run: only what needs a restart is not alive, and what
                     loads, drains, is busy or overloaded is
  --probe container  for who has but one question and replaces what is unhealthy: readiness until
                     the service was first ready, liveness afterwards
"""

import argparse
import sys

from serving_runtime.cli import addresses, credentials
from serving_runtime.errors import StartError

# The name that gRPC's health protocol knows each question by.
PROBES = {"readiness": "", "liveness": "liveness", "container": "container"}
PATHS = {"readiness": "/readyz", "liveness": "/livez", "container": "/healthz"}
MEANINGS = {
    "readiness": "it loads its model, drains, has no worker, or each of them is stuck: its log and"
    " its Status say which",
    "liveness": "its model cannot be loaded any more: a restart may help, and its log says why",
    "container": "it was never ready yet, or it needs a restart: its log says why",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    addresses.add(parser, deadline="3s")
    credentials.add(parser)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--probe", choices=tuple(PROBES), default="readiness", help="(default: readiness)"
    )
    asked.add_argument(
        "--service",
        metavar="NAME",
        help="ask about the readiness of one gRPC service, by its full name",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the service's health; returns 0 if it is SERVING, else 1.

    Raises:
        SettingError: APP_PORT, a certificate or a token cannot be read.
        StartError: gRPC's services have no health of their own by HTTP.
    """
    from serving_runtime.client.failures import CallFailed

    address = addresses.of(arguments)
    ask = _by_http if address.startswith(("http://", "https://")) else _by_grpc
    try:
        status = ask(address, arguments)
    except CallFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(status)
    if status == "NOT_SERVING":
        print(f"{arguments.probe}: {MEANINGS[arguments.probe]}", file=sys.stderr)
    return 0 if status == "SERVING" else 1


def _by_grpc(address: str, arguments: argparse.Namespace) -> str:
    from serving_runtime.client import Client

    name = arguments.service or PROBES[arguments.probe]
    with Client(address, credentials.of(arguments)) as client:
        return client.health(name, arguments.deadline)


def _by_http(address: str, arguments: argparse.Namespace) -> str:
    from serving_runtime.client.rest import RestClient

    if arguments.service:
        raise StartError(
            "--service names a gRPC service, and the address is of HTTP", "leave it out"
        )
    with RestClient(address, credentials.of(arguments)) as client:
        return client.health(PATHS[arguments.probe], arguments.deadline)
