"""Call a model once before it serves, so that the first caller does not wait for a slow start."""

import time

from serving_runtime import logs, validation
from serving_runtime.contract import samples
from serving_runtime.model import Model
from serving_runtime.signature import Contract, Signature

logger = logs.get_logger(__name__)


def warm_up(model: Model, contract: Contract, wanted: str) -> None:
    """Call each signature once on a sample.

    A sample is zeros, which a model may rightly refuse: a failure is logged, not raised.

    Args:
        model: one that calls change is left alone, also where their order is said not to matter;
            one that they might change, where the warm-up was not asked for.
        contract: what the samples are made from.
        wanted: ``on``, ``off``, or ``auto`` to leave it to the model.
    """
    if not _is_due(model, wanted):
        return
    for signature in contract.signatures:
        _call(model, signature)


def _is_due(model: Model, wanted: str) -> bool:
    if wanted == "off":
        return False
    if model.stateful or model.changes:
        if wanted == "on":
            logger.warning("RUNTIME_WARM_UP=on has no effect: a call would change the model")
        return False
    return wanted == "on" or (model.warm_up and not model.may_change)


def _call(model: Model, signature: Signature) -> None:
    sample = samples.sample_inputs(signature)
    inputs = validation.validate_inputs(signature, sample, "same_kind", model.string_type)
    started = time.monotonic()
    try:
        validation.validate_outputs(signature, model.rehearse(signature.name, inputs))
    except BaseException as error:  # noqa: BLE001  user code may raise anything
        logger.warning("warm-up of signature %s failed: %r", signature.name, error)
    else:
        elapsed = time.monotonic() - started
        logger.info("warmed up signature %s in %.0f ms", signature.name, elapsed * 1000)
