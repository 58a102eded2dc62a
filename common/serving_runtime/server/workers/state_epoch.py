"""Keep account of a stateful model's states, so that none is lost or reset in silence."""

from typing import List, Tuple

from serving_runtime import logs
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.metrics import Counters

logger = logs.get_logger(__name__)


class StateEpoch:
    """Numbers the states that the model has had; nothing happens for a model without one."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._is_stateful = False

    @property
    def epoch(self) -> int:
        """How many states ended before this one, since the service started."""
        return self._counters.state_losses + self._counters.state_resets

    def headers(self) -> List[Tuple[str, str]]:
        """Return what each answer says of the state: by its number a client sees that it is new."""
        return [("x-state-epoch", str(self.epoch))] if self._is_stateful else []

    def begin(self) -> None:
        """Note that the model is stateful."""
        self._is_stateful = True
        logger.info(
            "the model is stateful: the calls of all clients are one sequence, run one at a time "
            "in the order of arrival; a call with the metadata x-reset-state: 1 begins a new one"
        )

    def reset(self, call: FrontCall) -> None:
        """Note that the worker reset the state just before it ran ``call``."""
        self._counters.state_resets += 1
        logger.info("the model's state was reset", extra=self._fields(id=call.request_id))

    def lose(self, worker: str) -> None:
        """Note that the state ended with its worker."""
        self._counters.state_losses += 1
        logger.warning(
            "the model's state is lost with %s: the calls that wait, and all later ones, start "
            "again from zero",
            worker,
            extra=self._fields(),
        )

    def _fields(self, **more: str) -> "dict[str, object]":
        return {"fields": {**more, "state_epoch": self.epoch}}
