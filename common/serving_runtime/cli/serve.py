"""Serves a model directory over gRPC until SIGTERM; every setting has a flag."""

import argparse

from serving_runtime.cli import flags


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    flags.add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; returns the exit code.

    Raises:
        StartError: something stops the start.
    """
    from serving_runtime import service

    return int(service.run(flags.effective(arguments), arguments.runtime))
