"""Put a service together: settings, logs, and workers that are processes, or one thread."""

import logging
import os
import signal
import socket
import sys
import threading
from typing import Mapping

from serving_runtime import cpus, logs
from serving_runtime.front import processes
from serving_runtime.front.processes import Spawn
from serving_runtime.front.worker_link import WorkerProcess
from serving_runtime.settings import Settings

logger = logging.getLogger(__name__)


def run(environ: Mapping[str, str], runtime_name: str = "") -> int:
    """Serve the model directory until a signal; returns the exit code.

    Args:
        environ: environment variables, flags already among them.
        runtime_name: the framework, or empty to recognise it from the files.

    Raises:
        StartError: something stops the start; the text says what and how to mend it.
    """
    # The front takes over once it has a loop; until then PID 1 would ignore the signal.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    chosen = Settings.from_env(environ)
    logs.configure(chosen.log_level, chosen.log_format, sys.stderr, role="front")
    # Its fork handlers would run in the child that becomes a worker, and now and then hang the
    # start on Python 3.9 and older, which have no vfork.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    from serving_runtime.front import server  # imports grpc, which reads the variable above

    return server.serve(chosen, _spawner(chosen, environ, runtime_name))


def _spawner(chosen: Settings, environ: Mapping[str, str], runtime_name: str) -> Spawn:
    if chosen.workers == 0:
        return thread_spawner(environ, runtime_name)
    threads = cpus.thread_variables(environ, chosen.threads, chosen.workers)
    if threads:
        logger.info("workers: %d, CPU threads of each: %s", chosen.workers, *set(threads.values()))
    return processes.process_spawner({**environ, **threads}, runtime_name)


def thread_spawner(environ: Mapping[str, str], runtime_name: str) -> Spawn:
    """Return a function that runs a worker as a thread of this process, for debugging.

    It speaks to the front over the same socket pair, so that nothing but isolation differs.
    """

    def spawn(name: str, connection: socket.socket) -> WorkerProcess:
        arguments = (connection.dup(), environ, runtime_name)
        thread = threading.Thread(target=_run_thread, args=arguments, name=name, daemon=True)
        thread.start()
        return WorkerProcess(0, lambda: None, lambda: None if thread.is_alive() else "ended")

    return spawn


def _run_thread(connection: socket.socket, environ: Mapping[str, str], runtime_name: str) -> None:
    from serving_runtime.worker import process  # a front with worker processes never imports it

    with connection:
        process.run(connection, environ, runtime_name)
