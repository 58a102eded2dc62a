"""Answer TensorFlow Serving's ModelService from the state of the service.

Stock scripts ask for the model's state, again and again, before they make their first call: so the
front answers, in every phase.

See: tensorflow_serving/apis/get_model_status.proto in https://github.com/tensorflow/serving
"""

from google.protobuf.message import DecodeError

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, Status, Unimplemented
from serving_runtime.server.about import ERRORS, STATES
from serving_runtime.server.grpc.status import failed
from serving_runtime.server.health import Health
from serving_runtime.server.transport import Reply

_StatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")
_StatusResponse = message_class("tensorflow.serving.GetModelStatusResponse")

_NO_RELOAD = Unimplemented(
    "HandleReloadConfigRequest is not served: this service has the one model that it was started "
    "with; for another one start another service (MODEL_DIR says where its model is)"
)


class ModelService:
    """The operations on models, of which there is one, whatever name or version is asked for."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def status(self, payload: bytes) -> Reply:
        """Answer ``ModelService/GetModelStatus``: the state of the one version."""
        try:
            asked = _StatusRequest.FromString(payload).model_spec
        except (DecodeError, ValueError) as error:  # older protobuf: a name that is not UTF-8
            return failed(InvalidInput(f"not a GetModelStatusRequest: {error}"))
        phase = self._health.phase
        response = _StatusResponse()
        told = response.model_version_status.add(state=STATES[phase])
        told.version = asked.version.value if asked.HasField("version") else self._version
        told.status.SetInParent()  # without an error it is present and empty
        if phase in ERRORS:
            told.status.error_code = int(Status.UNAVAILABLE)
            told.status.error_message = str(phase.value)
        return Reply(Status.OK, "", response.SerializeToString())

    @property
    def _version(self) -> int:
        """The model's; 1 where it has none, or is not known yet."""
        names = self._health.model_names
        return int(names.version) if names else 1

    def reload_config(self, payload: bytes) -> Reply:
        """Refuse ``ModelService/HandleReloadConfigRequest``."""
        return failed(_NO_RELOAD)
