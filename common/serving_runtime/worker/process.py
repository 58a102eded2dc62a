"""Run a worker: load the model, say so, answer calls until the front closes or is gone."""

import argparse
import faulthandler
import logging
import os
import socket
import sys
import traceback
from typing import List, Mapping, Optional

from serving_runtime import logs, protocols
from serving_runtime.errors import StartError, one_line
from serving_runtime.ipc import frames
from serving_runtime.settings import Settings
from serving_runtime.system import memory
from serving_runtime.worker import loading
from serving_runtime.worker.channel import Channel
from serving_runtime.worker.parent import die_with
from serving_runtime.worker.predictor import Predictor

logger = logging.getLogger(__name__)


def main(argv: List[str]) -> int:
    """Run a worker process on an inherited socket, and return its exit code."""
    parser = argparse.ArgumentParser(prog="serving_runtime.worker")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket")
    parser.add_argument("--front", type=int, required=True, help="process id of the front")
    parser.add_argument("--name", required=True, help="what log lines call this worker")
    parser.add_argument("--runtime", default="", help="the framework; recognised if empty")
    options = parser.parse_args(argv)
    die_with(options.front)
    faulthandler.enable()
    memory.be_ended_first()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, settings.log_format, sys.stderr, role=options.name)
    os.set_inheritable(options.fd, False)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=options.fd)
    return run(connection, os.environ, options.runtime)


def run(connection: socket.socket, environ: Mapping[str, str], runtime_name: str) -> int:
    """Load the model and answer calls on ``connection`` until the front closes it."""
    channel = Channel(connection, protocols.alignment_offset)
    try:
        predictor = _load(channel, environ, runtime_name)
        if predictor is None:
            return 1
        serve(channel, predictor)
    except (BrokenPipeError, ConnectionResetError):
        logger.warning("the front is gone")
        return 1
    return 0


def serve(channel: Channel, predictor: Predictor) -> None:
    """Answer batches until the front says CLOSE, then close the model."""
    for calls in channel.batches():
        for replies in predictor.answer_together(calls):
            channel.replies(replies)
        # The memory of large requests is free when nothing refers to them: before the next come.
        del calls
    predictor.close()


def _load(channel: Channel, environ: Mapping[str, str], runtime_name: str) -> Optional[Predictor]:
    try:
        settings = Settings.from_env(environ)
        channel.bound_shared_memory(settings.max_shared_bytes)
        predictor = loading.load(environ, settings, runtime_name)
    except StartError as error:
        # A path in the text may be of bytes that are no UTF-8.
        channel.announce(frames.FAILED, str(error).encode("utf-8", "replace"))
        return None
    except BaseException as error:  # noqa: BLE001  user code may raise anything while loading
        traceback.print_exc()
        text = f"the model cannot be loaded: {one_line(repr(error))}"
        channel.announce(frames.FAILED, text.encode("utf-8", "replace"))
        return None
    channel.announce(frames.READY, loading.summary(predictor))
    return predictor
