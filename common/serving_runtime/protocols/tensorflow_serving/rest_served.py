"""Know which model the paths of TensorFlow Serving's REST name, and refuse any other one."""

from typing import Mapping

from serving_runtime.ipc.attributes import CONTENT_TYPE, MODEL_VERSION
from serving_runtime.model_names import ModelNames
from serving_runtime.settings import Settings, default_model_dir
from serving_runtime.signature import Contract

OF_JSON: Mapping[str, str] = {CONTENT_TYPE: "application/json"}
# Some clients write a version into each path, and this one unless they are told another.
NEWEST = "0"


def names_of(contract: Contract, settings: Settings) -> ModelNames:
    """Return what the served model is called."""
    return ModelNames.of(contract, settings, settings.model_dir or default_model_dir())


def check(names: ModelNames, target: str, attributes: Mapping[str, str]) -> None:
    """Refuse a request that is for another model, or another version than its newest one.

    Args:
        names: of the served model.
        target: the name in the path; empty where it has none.
        attributes: of the call, with the version in the path.

    Raises:
        ModelNotFound: there is no such model, or it has no such version.
    """
    version = attributes.get(MODEL_VERSION, "")
    names.check(target, "" if version == NEWEST else version)
