"""Load a model as the service would, and tries each of its signatures with a sample request.

The sample is made from the contract: zeros in the declared dtypes and shapes. It goes the whole
way, from the bytes of a request to those of a reply. Exit code 1 if the model cannot be served.
"""

import argparse
import sys
import time
from typing import TYPE_CHECKING, List, Mapping, NamedTuple

from serving_runtime import logs
from serving_runtime.cli import flags
from serving_runtime.errors import StartError

if TYPE_CHECKING:
    from serving_runtime.signature import Signature
    from serving_runtime.worker.predictor import Predictor

logger = logs.get_logger(__name__)


class Trial(NamedTuple):
    """How a signature answered its sample; ``problem`` is empty if it did."""

    signature_name: str
    problem: str
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    flags.add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load, try and report; returns 0 if every signature answered, else 1.

    Raises:
        StartError: the model cannot be loaded.
    """
    from serving_runtime.cli import signatures

    logs.configure("warning", "text", sys.stderr)
    predictor = _load(flags.effective(arguments), arguments.runtime)
    try:
        trials = [attempt(predictor, signature) for signature in predictor.contract.signatures]
    finally:
        predictor.close()
    print(f"{signatures.contract_table(predictor.contract)}\n\n{_trial_table(trials)}")
    failed = [trial for trial in trials if trial.problem]
    for trial in failed:
        name = trial.signature_name
        print(f'error: signature "{name}" failed on its sample: {trial.problem}', file=sys.stderr)
    return 1 if failed else 0


def attempt(predictor: "Predictor", signature: "Signature") -> Trial:
    """Send a sample request through the predictor, as bytes both ways."""
    from serving_runtime import client, operations
    from serving_runtime.contract import samples
    from serving_runtime.errors import Status
    from serving_runtime.ipc.frames import CallFrame

    inputs = samples.sample_inputs(signature)
    payload = client.encode_request(signature.name, inputs, as_content=True)
    started = time.monotonic()
    call = CallFrame(1, operations.PREDICT.key, "validate", float("inf"), payload)
    reply = next(iter(predictor.answer([call])))
    seconds = time.monotonic() - started
    problem = ""
    if reply.status != Status.OK:
        problem = f"{reply.status.name}: {reply.details}"
    else:
        client.decode_response(bytes(reply.payload))
    return Trial(signature.name, problem, seconds)


def _load(environ: Mapping[str, str], runtime_name: str) -> "Predictor":
    from serving_runtime.framework import defaults
    from serving_runtime.settings import Settings
    from serving_runtime.worker import loading

    environ = defaults.lay_below(environ, runtime_name)
    settings = Settings.from_env(environ)
    try:
        return loading.load(environ, settings, runtime_name)
    except StartError:
        raise
    except (Exception, SystemExit) as error:  # user code may raise anything
        logger.error("the model cannot be loaded", exc_info=True)
        raise StartError(f"the model cannot be loaded: {error!r}") from error


def _trial_table(trials: List[Trial]) -> str:
    from serving_runtime.cli.tables import table

    rows = [
        [trial.signature_name, "failed" if trial.problem else "answered", _elapsed(trial.seconds)]
        for trial in trials
    ]
    return table(("signature", "sample", "time"), rows)


def _elapsed(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
