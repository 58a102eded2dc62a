"""List what the service does for speed, and how each is switched off to see what it gains."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.benchmarks import setup
from experiments.benchmarks.baseline import Sources
from experiments.benchmarks.peers.serving_runtime import OURS

SWITCHES = Path(__file__).resolve().parent / "switches"
VARIABLE = "BENCHMARKS_REPLACED"
# Imports each module and takes each name from it.
RESOLVE = """
import functools, importlib, sys
for place in sys.argv[1:]:
    module, _, names = place.partition(":")
    functools.reduce(getattr, names.split("."), importlib.import_module(module))
"""


class DeviceError(Exception):
    """A function that would be switched off is not there any more; the message names it."""


class Device(NamedTuple):
    """Something that is done for speed.

    Args:
        name: on the command line and in results.
        title: in tables.
        off: settings without it.
        on: settings with it, where it is not there by default.
        replaced: functions that do nothing without it, or what takes their place: see switches/.
        measured: cases and the load of each: a small call and a large one, unless it is there for
            others.
    """

    name: str
    title: str
    off: Mapping[str, str] = {}
    on: Mapping[str, str] = {}
    replaced: tuple[str, ...] = ()
    measured: tuple[tuple[str, str], ...] = (("iris", "64"), ("1mib-raw", "8"))

    @property
    def environ_off(self) -> dict[str, str]:
        """The environment of a service without it."""
        return {**self.off, VARIABLE: ",".join(self.replaced)}

    @property
    def places(self) -> list[str]:
        """All functions that switching it off needs: `module:name`."""
        return [place for each in self.replaced for place in each.split("=")]


DEVICES = (
    Device(
        "completion-queue",
        "gRPC's completion queue (without: its asyncio server)",
        off={"RUNTIME_GRPC_TRANSPORT": "asyncio"},
    ),
    Device(
        "hand-read-requests",
        "requests read by hand (without: protobuf)",
        replaced=("serving_runtime.protocols.protobuf.recent_layouts:RecentLayouts.of",),
    ),
    Device(
        "shared-memory",
        "large payloads in shared memory (without: through the socket)",
        replaced=("serving_runtime.ipc.segment_writer:SegmentWriter.place",),
    ),
    Device(
        "malloc-settings",
        "malloc keeps freed memory (without: glibc's defaults)",
        replaced=("serving_runtime.system.memory:keep_freed_memory",),
        measured=(("iris", "64"), ("1mib-raw", "8"), ("16mib-raw", "8")),
    ),
    Device(
        "fast-validation",
        "the fast path of validation (without: the full checks)",
        replaced=(
            "serving_runtime.validation.fast_path:inputs",
            "serving_runtime.validation.fast_path:outputs",
        ),
    ),
    Device(
        "early-dispatch",
        "calls sent while more are taken in (without: at the lock's release)",
        replaced=("serving_runtime.server.admission.dispatcher:Dispatcher._dispatch_early",),
    ),
    Device(
        "no-call-log",
        "no line for each call (without: RUNTIME_LOG_CALLS=all)",
        on={"RUNTIME_LOG_CALLS": "0"},
        off={"RUNTIME_LOG_CALLS": "1"},
    ),
)
FORK_SERVER = Device(
    "fork-server",
    "further workers forked from the first (without: each loads the model)",
    replaced=(
        "serving_runtime.server.workers.fork_server:ForkServerSpawner"
        "=serving_runtime.server.workers.processes:process_spawner",
    ),
)
BY_NAME = {device.name: device for device in (*DEVICES, FORK_SERVER)}


def ensure_there(device: Device, sources: Sources) -> None:
    """Make sure that all can be replaced that switching a device off needs.

    Raises:
        DeviceError: it cannot.
    """
    run = subprocess.run(
        [str(setup.interpreter(OURS.environment)), "-c", RESOLVE, *device.places],
        env={**os.environ, "PYTHONPATH": sources.python_path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        raise DeviceError(f"{device.name}: {run.stdout.strip().splitlines()[-1]}")
