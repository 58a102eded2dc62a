"""Decide whether a model's calls are one sequence: by the setting, else by what its loader sees.

A model that a call changes answers differently when several workers share its calls, when calls are
stacked, and when a warm-up was the first one. None of that is seen in an answer.
"""

from serving_runtime import logs
from serving_runtime.model import Model

logger = logs.get_logger(__name__)


def settle(model: Model, wanted: str) -> None:
    """Make a model stateful where it must be; a warning says once what changes when it is called.

    Args:
        model: as its loader has made it.
        wanted: what RUNTIME_STATEFUL says, ``auto``, ``1`` or ``0``.
    """
    if wanted == "0" and model.stateful:
        logger.warning("RUNTIME_STATEFUL=0 has no effect: the runtime keeps this model's state")
    elif wanted == "0":
        _warn_of_unordered(model)
    elif wanted == "1":
        model.stateful = True
    elif model.changes and not model.stateful:
        model.stateful = True
        logger.warning(
            "this model changes when called: %s. Its calls run in order on one worker; "
            "RUNTIME_STATEFUL=0 lifts that, if their order does not matter",
            model.changes,
        )
    elif model.may_change and not model.stateful:
        logger.warning(
            "this model may change when called: %s. It is served as if it did not; "
            "RUNTIME_STATEFUL=1 runs its calls in order on one worker",
            model.may_change,
        )


def _warn_of_unordered(model: Model) -> None:
    if model.changes:
        logger.warning(
            "this model changes when called: %s. With RUNTIME_STATEFUL=0 each worker has changes "
            "of its own, in the order of the calls that it happens to get",
            model.changes,
        )
