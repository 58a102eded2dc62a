"""Turn a model directory and the settings into a predictor that is ready to answer."""

import contextlib
import gc
import json
import os
import tempfile
import time
from typing import Iterator, Mapping, Optional, Tuple

from serving_runtime import contract, logs, metrics, validation
from serving_runtime.contract import agreement
from serving_runtime.framework import discovery, model_dir
from serving_runtime.framework.discovery import Runtime
from serving_runtime.framework.model_dir import ModelDirectory
from serving_runtime.model import Model
from serving_runtime.model_names import ModelNames
from serving_runtime.settings import Settings, default_model_dir
from serving_runtime.signature import Contract
from serving_runtime.worker import fork_server, model_snapshot, parent, statefulness
from serving_runtime.worker.predictor import Origin, Predictor
from serving_runtime.worker.warm_up import warm_up

logger = logs.get_logger(__name__)


def load(environ: Mapping[str, str], settings: Settings, runtime_name: str) -> Predictor:
    """Locate, read, load, compare and warm up the model.

    Args:
        environ: where the runtime's own settings are read from.
        settings: the common settings.
        runtime_name: the framework, or empty to recognise it from the files.

    Raises:
        StartError: something stops the start; the text says what and how to mend it.
    """
    _name_temporary_folder()
    # Absolute: user code may change the working directory, and the files are looked at again.
    directory = model_dir.locate(os.path.abspath(settings.model_dir or default_model_dir()))
    process, began = os.getpid(), time.monotonic()
    with model_snapshot.verified(environ, directory.root), _without_collecting():
        runtime = discovery.choose(runtime_name, directory.files)
        logger.info("loading %s with the %s runtime", directory.files, runtime.name)
        runtime.import_loader()
        requests = fork_server.ForkRequests.from_env(environ)
        model, agreed = _load(runtime, directory, settings, environ)
        load_seconds = time.monotonic() - began
        parent.end_unless(process)
    if requests is not None:
        reason_not = _reason_not_forkable(runtime, model, requests.before)
        fork_server.start_fork_server(requests, reason_not)
    if os.getpid() != process:  # forked from the first worker, which sends what it has counted
        metrics.CHANGES.forget()
    began = time.monotonic()
    _warm_up(model, agreed, settings)
    predictor = Predictor(model, agreed, settings)
    predictor.origin = Origin(
        runtime.name,
        runtime.library_version,
        _format_of_contract(directory),
        load_seconds,
        time.monotonic() - began,
    )
    return predictor


def _warm_up(model: Model, agreed: Contract, settings: Settings) -> None:
    """Try the model, which may show that calls change it."""
    seen = model.changes
    with metrics.CHANGES.paused():
        warm_up(model, agreed, settings.warm_up)
    if model.changes != seen:
        statefulness.settle(model, settings.stateful)


def _load(
    runtime: Runtime, directory: ModelDirectory, settings: Settings, environ: Mapping[str, str]
) -> Tuple[Model, Contract]:
    declared = _declared(directory)
    inferred = runtime.infer_contract(directory.files, declared, environ)
    agreed, warnings = agreement.reconcile(declared, inferred, settings.contract)
    for warning in warnings:
        logger.warning(warning)
    model = runtime.load(directory.files, agreed, environ)
    statefulness.settle(model, settings.stateful)
    return model, validation.with_nullable(agreed, model)


def _reason_not_forkable(
    runtime: Runtime, model: Model, before: fork_server.ProcessFootprint
) -> str:
    """Return why no further workers can be forked from this one; empty if they can."""
    if model.stateful:
        return "it is stateful"
    if not runtime.forks:
        return f"the {runtime.name} runtime is not forked"
    return before.reason_not_forkable()


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no garbage while a framework is imported and a model is loaded.

    Importing makes objects that stay: looking through them, again and again, took a tenth of the
    start. What user code sets meanwhile, enabled or not and how often, stays as it has set it.
    """
    often, *rarely = gc.get_threshold()
    gc.set_threshold(0, *rarely)
    try:
        yield
    finally:
        gc.collect()
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(often, *rarely)


def _name_temporary_folder() -> None:
    """Set Python's temporary folder to one that can be written on a read-only root.

    Some libraries ask for it when they are imported.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = "/dev/shm"  # noqa: S108  what else is there can only be read


def summary(predictor: Predictor, settings: Settings) -> bytes:
    """Return what the front must know of the model, as JSON."""
    directory = settings.model_dir or default_model_dir()
    names = ModelNames.of(predictor.contract, settings, directory)
    known = {
        "signatures": list(predictor.contract.names),
        "stateful": predictor.model.stateful,
        "status_message": predictor.model.status_message,
        "names": names.names,
        "version": names.version,
        "concurrency": predictor.concurrency.calls,
        "stacks": predictor.stacks,
        **predictor.origin._asdict(),
    }
    return json.dumps(known).encode()


def _format_of_contract(directory: ModelDirectory) -> str:
    path = directory.contract_path
    return "inferred" if path is None else contract.format_of(path)


def _declared(directory: ModelDirectory) -> Optional[Contract]:
    path = directory.contract_path
    return None if path is None else contract.read_contract(path)
