"""Answer what Triton's clients ask of a repository of models: there is one model, and it stays."""

from typing import Dict, Mapping, Type

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import ServingError, Unimplemented
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.model_names import ModelNames
from serving_runtime.protocols.json import reading
from serving_runtime.protocols.open_inference import served, wording
from serving_runtime.protocols.open_inference.json_replies import as_json
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protocol import ContractProtocol, Encoded

_IndexRequest = message_class("inference.RepositoryIndexRequest")
_IndexResponse = message_class("inference.RepositoryIndexResponse")

_ONE_MODEL = "there is one model, from the start of the service to its end"
_NO_SHARED_MEMORY = "no memory is shared with clients: send values in the request"
REASONS = {
    "RepositoryModelLoad": _ONE_MODEL,
    "RepositoryModelUnload": _ONE_MODEL,
    "SystemSharedMemoryStatus": _NO_SHARED_MEMORY,
    "SystemSharedMemoryRegister": _NO_SHARED_MEMORY,
    "SystemSharedMemoryUnregister": _NO_SHARED_MEMORY,
    "CudaSharedMemoryStatus": _NO_SHARED_MEMORY,
    "CudaSharedMemoryRegister": _NO_SHARED_MEMORY,
    "CudaSharedMemoryUnregister": _NO_SHARED_MEMORY,
    "TraceSetting": "calls are not traced",
    "LogSettings": "the log is set up when the service starts, by RUNTIME_LOG_LEVEL and the like",
}


class Index(ContractProtocol):
    """What RepositoryIndex asks for: the models, of which a worker has loaded the one."""

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the RepositoryIndexResponse."""
        with parsed(_IndexRequest(), payload):
            names = served.names_of(self._contract, self._settings)
        message = _IndexResponse(models=[_listed(names)])
        return bytes(message.SerializeToString()), EMPTY


class RestIndex(Index):
    """The same in JSON; whatever is asked for, there is that one."""

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the list of the models."""
        if payload:
            reading.read(payload, lambda reader: reader.members(reader.root, "the body"))
        return as_json([_listed(served.names_of(self._contract, self._settings))])


class Refused(Index):
    """What this service does not do, whatever is in the request."""

    method = ""

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Refuse by the method's name.

        Raises:
            Unimplemented: always.
        """
        raise Unimplemented(f"{self.method} is not served: {REASONS[self.method]}")


def _listed(names: ModelNames) -> Dict[str, str]:
    return {"name": names.name, "version": names.version, "state": "READY", "reason": ""}


def refusal_of(method: str) -> Type[Refused]:
    """Return what refuses the calls of one method."""

    class Refusal(Refused):
        """Refuses that method."""

    Refusal.method = method
    return Refusal
