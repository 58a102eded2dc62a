"""Load a model for many rows, with all that a service looks at when it starts."""

from typing import Dict, Mapping, NamedTuple

from serving_runtime import logs
from serving_runtime.errors import StartError
from serving_runtime.framework import defaults
from serving_runtime.model import Model
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract
from serving_runtime.worker import loading

logger = logs.get_logger(__name__)


class Loaded(NamedTuple):
    """A model and its contract."""

    model: Model
    contract: Contract
    cast: str

    @property
    def reason_not(self) -> str:
        """Why its rows cannot be shared out among processes, and tried again; empty if they can."""
        what = self.model.changes or "it is stateful"
        return what if self.model.stateful else ""

    def close(self) -> None:
        """Close the model; what its code raises then is logged."""
        try:
            self.model.close()
        except BaseException:
            logger.error("closing the model failed", exc_info=True)


def load(environ: Mapping[str, str], runtime_name: str) -> Loaded:
    """Load the model that ``environ`` names.

    Raises:
        StartError: it cannot be served; the text says why.
    """
    environ = {**defaults.lay_below(environ, runtime_name)}
    settings = Settings.from_env(environ)
    try:
        predictor = loading.load(environ, settings, runtime_name)
    except StartError:
        raise
    except (Exception, SystemExit) as error:  # user code may raise anything
        logger.error("the model cannot be loaded", exc_info=True)
        raise StartError(f"the model cannot be loaded: {error!r}") from error
    return Loaded(predictor.model, predictor.contract, settings.cast)


def own_variables(environ: Mapping[str, str], runtime_name: str) -> Dict[str, str]:
    """Return the variables that are the model's and the runtime's: no others leave this machine."""
    found = defaults.lay_below(environ, runtime_name)
    return {name: text for name, text in found.items() if name.startswith(("RUNTIME_", "MODEL_"))}


def refuse_state(reason: str) -> None:
    """Raise a StartError if there is a reason why rows cannot be shared out."""
    if reason:
        raise StartError(
            f"the model keeps a state ({reason}), so that each row would depend on those before "
            "it: batch scoring shares rows out among processes, and tries some of them again",
            "set RUNTIME_STATEFUL=0 if their order does not matter",
        )
