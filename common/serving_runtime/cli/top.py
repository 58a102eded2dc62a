"""Show what a running service does, again and again: calls and their parts, workers, memory.

The service is asked for /metrics by HTTP; where they have a port of their own, give that
(RUNTIME_METRICS_PORT). Rates and times are those of the last interval. Ctrl-C ends it.
"""

import argparse
import itertools
import os
import sys
import time
from typing import TYPE_CHECKING, Iterator, Optional

from serving_runtime import settings
from serving_runtime.cli import addresses, credentials
from serving_runtime.cli.top_screen import screen
from serving_runtime.errors import StartError

if TYPE_CHECKING:
    from serving_runtime.client.scraped import Scraped

CLEAR = "\x1b[H\x1b[2J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    addresses.add(parser, deadline="5s")
    parser.add_argument(
        "--interval",
        metavar="TIME",
        type=addresses.seconds,
        default="2s",
        help="how often to look (default 2s)",
    )
    parser.add_argument(
        "--count", metavar="N", type=int, default=0, help="end after so many (default: never)"
    )
    credentials.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one screen after the other; returns 1 where the service cannot be asked any more.

    Raises:
        SettingError: a setting, a certificate or a token cannot be read.
        StartError: the address is none of HTTP.
    """
    from serving_runtime.client.failures import CallFailed

    try:
        before: Optional[Scraped] = None
        for now in _scrapes(arguments):
            text = screen(before, now)
            sys.stdout.write(CLEAR + text if sys.stdout.isatty() else f"{text}\n")
            sys.stdout.flush()
            before = now
    except CallFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _scrapes(arguments: argparse.Namespace) -> "Iterator[Scraped]":
    from serving_runtime.client.rest import RestClient
    from serving_runtime.client.scraped import scrape

    with RestClient(_url(arguments), credentials.of(arguments)) as client:
        for number in itertools.count(1):
            yield scrape(client, arguments.deadline)
            if number == arguments.count:
                return
            time.sleep(arguments.interval)


def _url(arguments: argparse.Namespace) -> str:
    address = str(arguments.address)
    if address.startswith(("http://", "https://")):
        return address
    if address.startswith("unix:"):
        raise StartError(f"{address} is a socket, and metrics come by HTTP", "give a URL")
    if address:
        return f"http://{address}"
    wanted = tuple(it for it in settings.SETTINGS if it.attribute in ("http_port", "metrics_port"))
    own = settings.read(wanted, os.environ)
    port = own["metrics_port"] or own["http_port"]
    if not port:
        raise StartError("this service has no HTTP port", "give the --address of one that has")
    return f"http://localhost:{port}"
