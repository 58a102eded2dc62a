"""Serve a model directory over gRPC until SIGTERM; every setting has a flag."""

import argparse
import os

from serving_runtime.cli import flags, hosts
from serving_runtime.errors import SettingError, StartError

# Images name themselves in it.
IMAGE_VARIABLE = "SERVING_RUNTIME_IMAGE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    flags.add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM; returns the exit code.

    Raises:
        StartError: something stops the start; in an image it shows a ``docker run`` that works.
    """
    from serving_runtime import service

    hosts.adopt(arguments, os.environ)
    try:
        return int(service.run(flags.effective(arguments), arguments.runtime))
    except SettingError:
        raise
    except StartError as error:
        raise StartError(_with_docker_run(str(error), os.environ.get(IMAGE_VARIABLE, ""))) from None


def _with_docker_run(problem: str, image: str) -> str:
    """Complete the command that a message shows, or add it; messages call the image ``IMAGE``."""
    if not image:
        return problem
    begin = "docker run --rm -p 9090:9090 -v"
    if "docker run -v" in problem:
        return problem.replace("docker run -v", begin).replace(" IMAGE", f" {image}")
    return f"{problem}\n  run: {begin} /path/to/model:/model:ro {image}"
