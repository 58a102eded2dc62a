"""Put a service together: settings, logs, and workers that are processes, or one thread."""

import os
import signal
import socket
import sys
import threading
from typing import Mapping

from serving_runtime import logs
from serving_runtime.framework import defaults, discovery
from serving_runtime.server.workers import fork_server, orphans, processes
from serving_runtime.server.workers.processes import HeadStart, Spawn, Spawned, WorkerProcess
from serving_runtime.settings import SETTINGS, Settings, former_names
from serving_runtime.system import cgroup_memory, cpus, memory, memory_budget
from serving_runtime.system.memory_budget import MemoryBudget

logger = logs.get_logger(__name__)


def run(environ: Mapping[str, str], runtime_name: str = "") -> int:
    """Serve the model directory until a signal; returns the exit code.

    Args:
        environ: environment variables, flags already among them.
        runtime_name: the framework, or empty to recognise it from the files.

    Raises:
        StartError: something stops the start; the text has the reason and the remedy.
    """
    # The front takes over once it has a loop; until then PID 1 would ignore the signal.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    environ = defaults.lay_below(environ, runtime_name)
    budget = _budget(environ)
    environ = {**environ, **budget.at_start()}
    chosen = Settings.from_env(environ)
    logs.configure(chosen.log_level, chosen.log_format, sys.stderr, role="front")
    for warning in former_names(SETTINGS, environ):
        logger.warning(warning)
    memory.keep_freed_memory(budget.memory.limit)
    # Its fork handlers would run in the child that becomes a worker, and now and then hang the
    # start on Python 3.9 and older, which have no vfork.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    if chosen.workers == 0:
        return _serve(chosen, thread_spawner(environ, runtime_name), budget)
    # What takes longest begins first: a worker loads while the front imports grpc.
    environ = {**environ, **memory.worker_variables(environ, budget.memory.limit)}
    head_start = HeadStart(_process_spawner(chosen, environ, runtime_name), "worker-1")
    try:
        return _serve(chosen, head_start, budget)
    finally:
        head_start.end()


def _budget(environ: Mapping[str, str]) -> MemoryBudget:
    workers = Settings.from_env(environ).workers
    return MemoryBudget(cgroup_memory.available(), workers, memory_budget.chosen_in(environ))


def _serve(chosen: Settings, spawn: Spawn, budget: MemoryBudget) -> int:
    from serving_runtime.server import server

    return server.serve(chosen, spawn, budget)


def _process_spawner(chosen: Settings, environ: Mapping[str, str], runtime_name: str) -> Spawn:
    named = discovery.thread_variables()
    threads = cpus.thread_variables(environ, chosen.threads, chosen.workers, named)
    if threads:
        logger.info("workers: %d, CPU threads of each: %s", chosen.workers, *set(threads.values()))
    start = processes.process_starter({**environ, **threads}, runtime_name)
    if sys.platform != "linux":
        return processes.process_spawner(start)
    orphans.adopt_orphans()
    if chosen.workers == 1:
        return processes.process_spawner(start)
    return fork_server.ForkServerSpawner(start)


def thread_spawner(environ: Mapping[str, str], runtime_name: str) -> Spawn:
    """Return a function that runs a worker as a thread of this process, for debugging.

    It speaks to the front over the same socket pair, so that nothing but isolation differs.
    """

    def spawn(name: str) -> Spawned:
        ours, theirs = socket.socketpair()
        arguments = (theirs, environ, runtime_name)
        thread = threading.Thread(target=_run_thread, args=arguments, name=name, daemon=True)
        thread.start()
        process = WorkerProcess(0, lambda: None, lambda: None if thread.is_alive() else "ended")
        return Spawned(ours, process)

    return spawn


def _run_thread(connection: socket.socket, environ: Mapping[str, str], runtime_name: str) -> None:
    from serving_runtime.worker import process  # a front with worker processes never imports it

    with connection:
        process.run(connection, environ, runtime_name)
