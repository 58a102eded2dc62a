"""Know what clients of Open Inference call the model, and refuse those that ask for another one."""

from typing import Any

from hydro_serving_grpc.messages import message_class
from serving_runtime.ipc.frames import Bytes
from serving_runtime.model_names import ModelNames
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.settings import Settings, default_model_dir
from serving_runtime.signature import Contract

# Nothing says to a client which framework it is, and none asks for more than some name.
PLATFORM = "serving_runtime"


def names_of(contract: Contract, settings: Settings) -> ModelNames:
    """Return what the served model is called."""
    return ModelNames.of(contract, settings, settings.model_dir or default_model_dir())


def check_asked(message_type: str, payload: Bytes, names: ModelNames) -> None:
    """Read a request that names a model and its version, and nothing else.

    Args:
        message_type: such as ``ModelMetadataRequest``.
        payload: as it came.
        names: of the served model.

    Raises:
        InvalidInput: it is no such request.
        ModelNotFound: it is for another model, or another version.
    """
    message: Any = message_class(f"inference.{message_type}")()
    with parsed(message, payload):
        asked = message.name, message.version
    names.check(*asked)
