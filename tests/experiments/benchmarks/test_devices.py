"""Each switch has its effect: a device that stays on would be measured as if it were off."""

import asyncio
import functools
import importlib
import importlib.util
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from experiments.benchmarks import baseline, devices, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import INPUT
from experiments.benchmarks.protocols import predict_request
from serving_runtime import operations, validation
from serving_runtime.ipc.segment_writer import THRESHOLD_BYTES, SegmentWriter
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.server.admission import dispatcher
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers import fork_server, processes
from serving_runtime.settings import Settings
from serving_runtime.signature import Field, Signature, Tensor
from serving_runtime.system import memory
from serving_runtime.validation import inputs, outputs

NO_LIMIT = 2**30
SEE = "from serving_runtime.system.memory import keep_freed_memory as f; print(f.__name__)"


def switch_module():
    """Import what Python would import as it starts."""
    path = devices.SWITCHES / "sitecustomize.py"
    spec = importlib.util.spec_from_file_location("switches", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def switch_off(monkeypatch):
    """Return a function that switches a device off in this process until the test's end."""

    def switch(name):
        for each in devices.BY_NAME[name].replaced:
            place, _, replacement = each.partition("=")
            module, _, names = place.partition(":")
            *owners, last = names.split(".")
            imported = importlib.import_module(module)
            owner = functools.reduce(getattr, owners, imported)
            monkeypatch.setattr(owner, last, getattr(owner, last))  # to be put back
            switch_module().replace(imported, names, replacement)

    return switch


def started(listed):
    """Run a new interpreter with the switches on its path; returns what it prints."""
    path = os.pathsep.join([str(devices.SWITCHES), *sys.path])
    environ = {**os.environ, "PYTHONPATH": path, devices.VARIABLE: listed}
    return subprocess.run(
        [sys.executable, "-c", SEE], env=environ, capture_output=True, text=True, check=False
    )


def test_names_are_replaced_before_anyone_takes_them():
    """A process that is started with the switches has the replacement, also by `from … import`."""
    assert started("").stdout == "keep_freed_memory\n"
    assert started("serving_runtime.system.memory:keep_freed_memory").stdout == "do_nothing\n"


def test_a_name_that_is_gone_ends_the_process():
    """The device would stay on otherwise, and be measured as if it were off."""
    run = started("serving_runtime.system.memory:gone")
    assert run.returncode != 0
    assert "AttributeError" in run.stderr


@pytest.mark.parametrize("name", devices.BY_NAME)
def test_what_is_replaced_is_there(name):
    """A function of the hot path that is renamed has its new name in devices.py too."""
    for place in devices.BY_NAME[name].places:
        module, _, names = place.partition(":")
        found = functools.reduce(getattr, names.split("."), importlib.import_module(module))
        assert callable(found), place


def test_a_device_that_cannot_be_switched_off_is_an_error(monkeypatch, tmp_path):
    """The experiment ends before it measures anything, and names the device."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    sources = baseline.Sources(setup.ROOT, "abc")
    device = devices.BY_NAME["malloc-settings"]
    devices.ensure_there(device, sources)
    gone = device._replace(replaced=("serving_runtime.system.memory:gone",))
    with pytest.raises(devices.DeviceError, match="malloc-settings: AttributeError"):
        devices.ensure_there(gone, sources)


def test_completion_queue_off():
    """The setting asks for grpcio's asyncio server."""
    device = devices.BY_NAME["completion-queue"]
    assert Settings.from_env(device.on).grpc_transport == "auto"
    assert Settings.from_env(device.environ_off).grpc_transport == "asyncio"


def test_hand_read_requests_off(switch_off):
    """Protobuf copies the bytes of an array, which is a view of the request otherwise."""
    request = bytearray(predict_request(CASES["1mib-raw"]))

    def is_view():
        array = protobuf_codec.decode(request, NO_LIMIT).tensors[INPUT].array
        return np.shares_memory(array, np.frombuffer(request, np.uint8))

    assert is_view()
    switch_off("hand-read-requests")
    assert not is_view()


def test_shared_memory_off(switch_off):
    """No segment is offered for a large payload: it goes through the socket."""
    payload = bytes(THRESHOLD_BYTES)
    writer = SegmentWriter()
    writer.place(payload)
    assert writer.control_frames()
    writer.close()
    switch_off("shared-memory")
    writer = SegmentWriter()
    assert writer.place(payload) is None
    assert not writer.control_frames()


def test_malloc_settings_off(switch_off, monkeypatch):
    """The C library is not asked for anything."""
    asked = []
    monkeypatch.setattr(memory.ctypes, "CDLL", asked.append)
    memory.keep_freed_memory()
    assert asked
    asked.clear()
    switch_off("malloc-settings")
    memory.keep_freed_memory()
    assert not asked


def count_calls(monkeypatch, validator, counted):
    """Note the validator's name at each call of ``validate``."""
    validate = validator.validate

    def noting(self, *arguments):
        counted.append(validator.__name__)
        return validate(self, *arguments)

    monkeypatch.setattr(validator, "validate", noting)


def test_fast_validation_off(switch_off, monkeypatch):
    """Inputs and outputs that are as declared go through the full checks, and come out the same."""
    validated = []
    for validator in (inputs.InputValidator, outputs.OutputValidator):
        count_calls(monkeypatch, validator, validated)
    field = Field("x", "float32", (-1, 4))
    signature = Signature("predict", (field,), (field,))
    array = np.ones((1, 4), np.float32)

    def check():
        taken = validation.validate_inputs(
            signature, {"x": Tensor("float32", array)}, "strict", str
        )
        return taken["x"], validation.validate_outputs(signature, {"x": array})["x"].array

    assert all((it == array).all() for it in check())
    assert not validated
    switch_off("fast-validation")
    assert all((it == array).all() for it in check())
    assert validated == ["InputValidator", "OutputValidator"]


class IdleWorker:
    """Takes whatever it is sent, and never answers."""

    is_free, is_busy, is_stateful, slots = True, False, False, 1

    def __init__(self):
        self.batches = []

    def send(self, calls):
        """Keep a batch."""
        self.is_free = False
        self.batches.append(len(calls))

    def deliver_replies(self):
        """Have none."""


def batches_before_the_release():
    """Return the sizes of the batches that many calls make while the front lock is held."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        worker, lock = IdleWorker(), FrontLock()
        members = dispatcher.Dispatcher(Settings.from_env({}), Counters(), lock)
        with lock:
            members.add_worker(worker)
            for number in range(dispatcher.EAGER_CALLS + 1):
                members.submit(FrontCall(number, operations.PREDICT, b"", "id", math.inf))
            return list(worker.batches)
    finally:
        loop.close()
        asyncio.set_event_loop(None)


def test_early_dispatch_off(switch_off):
    """Without it, nothing is sent to a worker before the front lock is released."""
    assert batches_before_the_release() == [dispatcher.EAGER_CALLS]
    switch_off("early-dispatch")
    assert batches_before_the_release() == []


def test_call_log_on_and_off():
    """One side logs every call, the other none of them."""
    device = devices.BY_NAME["no-call-log"]
    assert Settings.from_env(device.on).log_calls != Settings.from_env(device.environ_off).log_calls


def test_fork_server_off(switch_off, monkeypatch):
    """Each worker is a process of its own that loads the model."""
    monkeypatch.setattr(processes, "process_spawner", lambda start: ("plain", start))
    assert fork_server.ForkServerSpawner is not processes.process_spawner
    switch_off("fork-server")
    assert fork_server.ForkServerSpawner("start") == ("plain", "start")
