"""Run a worker: load the model, say so, answer calls until the front closes or is gone."""

import argparse
import contextlib
import errno
import faulthandler
import os
import signal
import socket
import sys
from typing import Dict, List, Mapping, Optional

from serving_runtime import logs, protocols
from serving_runtime.errors import StartError, one_line
from serving_runtime.ipc import environment, frames
from serving_runtime.logs.nonblocking import STANDARD_ERROR
from serving_runtime.settings import Settings
from serving_runtime.system import descriptors, memory
from serving_runtime.worker import loading
from serving_runtime.worker.channel import Channel
from serving_runtime.worker.parent import die_with, end_unless
from serving_runtime.worker.predictor import Predictor

logger = logs.get_logger(__name__)


def main(argv: List[str]) -> int:
    """Run a worker process on an inherited socket, and return its exit code."""
    parser = argparse.ArgumentParser(prog="serving_runtime.worker")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket")
    parser.add_argument("--front", type=int, required=True, help="process id of the front")
    parser.add_argument("--name", required=True, help="what log lines call this worker")
    parser.add_argument("--runtime", default="", help="the framework; recognised if empty")
    options = parser.parse_args(argv)
    die_with(options.front)
    memory.be_ended_first()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, settings.log_format, sys.stderr, role=options.name)
    faulthandler.enable(descriptors.copied(STANDARD_ERROR))
    number = descriptors.moved(options.fd)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=number)
    return run(connection, _as_started(number), options.runtime)


def _as_started(connection: int) -> Dict[str, str]:
    """Return the environment as it is now, and make nothing else depend on what may change.

    User code may change variables and the working directory, before all of ours are read and all
    modules are imported.
    """
    sys.path[:] = map(os.path.abspath, sys.path)
    environ = dict(os.environ)
    if environment.FORK_SERVER in environ:
        control = environ[environment.FORK_SERVER].partition(",")[0]
        environ[environment.FORK_SERVER] = f"{control},{connection}"
    return environ


def run(connection: socket.socket, environ: Mapping[str, str], runtime_name: str) -> int:
    """Load the model and answer calls on ``connection`` until the front closes it."""
    channel = Channel(connection, protocols.alignment_offset)
    try:
        predictor = _load(channel, environ, runtime_name)
        if predictor is None:
            return 1
        serve_as_many(channel, predictor)
    except (BrokenPipeError, ConnectionResetError):
        logger.warning("the front is gone")
        return 1
    except BaseException as error:  # a hook of the user's code may show it to nobody
        logger.critical("the worker ends%s", _cause(error), exc_info=True)
        return 1
    return _close(predictor)


def serve_as_many(channel: Channel, predictor: Predictor) -> None:
    """Answer batches until the front says CLOSE: one by one, or several at once."""
    if predictor.concurrency.calls == 1:
        serve(channel, predictor)
        return
    from serving_runtime.worker import concurrent_service  # asyncio costs a start 20 ms

    concurrent_service.serve(channel, predictor)


def serve(channel: Channel, predictor: Predictor) -> None:
    """Answer batches until the front says CLOSE."""
    process = os.getpid()
    for calls in channel.batches():
        for replies in predictor.answer_together(calls):
            end_unless(process)
            channel.replies(replies)
        # The memory of large requests is free when nothing refers to them: before the next come.
        del calls


def _close(predictor: Predictor) -> int:
    try:
        predictor.close()
    except BaseException:  # user code may raise anything
        logger.error("closing the model failed", exc_info=True)
        return 1
    return 0


def _cause(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.EBADF, errno.ENOTSOCK):
        return (
            ": its connection to the front was closed, which only the model's code can have done. "
            "It must close no descriptor that it has not opened, as os.closerange() does"
        )
    return ""


def _load(channel: Channel, environ: Mapping[str, str], runtime_name: str) -> Optional[Predictor]:
    try:
        settings = Settings.from_env(environ)
        channel.bound_shared_memory(settings.max_shared_bytes)
        predictor = loading.load(environ, settings, runtime_name)
    except StartError as error:
        # A path in the text may be of bytes that are no UTF-8.
        channel.announce(frames.FAILED, str(error).encode("utf-8", "replace"))
        return None
    except BaseException as error:  # user code may raise anything while loading
        logger.error("the model cannot be loaded", exc_info=True)
        text = f"the model cannot be loaded: {one_line(repr(error))}"
        channel.announce(frames.FAILED, text.encode("utf-8", "replace"))
        return None
    _ignore_broken_pipes()
    channel.announce(frames.READY, loading.summary(predictor, settings))
    return predictor


def _ignore_broken_pipes() -> None:
    """Keep a log that nobody reads from ending the worker, whatever user code has set."""
    with contextlib.suppress(ValueError):  # a thread, in which user code cannot have changed it
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
