"""What a protocol's folder implements for each operation that a worker answers."""

import abc
from typing import Mapping, Sequence, Tuple

from serving_runtime.errors import ServingError
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.request import Request
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Signature, Value

# A reply's bytes, and what the transport needs to know of them, such as their content type.
Encoded = Tuple[Bytes, Mapping[str, str]]


class Protocol(abc.ABC):
    """What the bytes of one operation mean, for one model.

    Args:
        contract: of the model that is served.
        settings: of the service; those that are a protocol's own are read by that one only.
    """

    def __init__(self, contract: Contract, settings: Settings) -> None:
        self._contract = contract
        self._settings = settings

    @classmethod
    @abc.abstractmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return how far from an aligned address a request of that length should begin."""

    @abc.abstractmethod
    def word(self, error: ServingError) -> str:
        """Return an error's text as this protocol's clients know it."""


class ModelProtocol(Protocol):
    """An operation that the model answers: arrays in, arrays out."""

    @abc.abstractmethod
    def decode(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Request:
        """Read a request.

        Args:
            payload: as it came; arrays are views of it where they can be.
            target: the model that the transport was asked for, as in a path; or empty.
            attributes: what else the transport knows of the payload, such as its content type.

        Raises:
            InvalidInput: it is no such request.
            LimitExceeded: it would grow beyond its budget.
        """

    @abc.abstractmethod
    def encode(
        self, outputs: Mapping[str, Value], request: Request, signature: Signature
    ) -> Encoded:
        """Write the reply; several threads may, where calls run at once.

        Args:
            outputs: those that the request asks for.
            request: what is answered, as ``decode`` gave it.
            signature: the one that answered.
        """

    def failure(self, payload: Bytes, details: str) -> Bytes:
        """Return the body of a failure, for transports that send one beside the status.

        Args:
            payload: the request, as ``decode`` had it.
            details: what went wrong, in one line.
        """
        return b""


class CompositeProtocol(Protocol):
    """An operation that several calls of the model answer, one after the other."""

    @abc.abstractmethod
    def parts(
        self, payload: Bytes, target: str, attributes: Mapping[str, str]
    ) -> Sequence[ModelProtocol]:
        """Read a request, and return what answers each part of it, in their order.

        The arguments are those of ``ModelProtocol.decode``; each part decodes the same payload.
        The reply is the bytes of the parts' replies, one after the other.

        Raises:
            InvalidInput: it is no such request.
            LimitExceeded: it would grow beyond its budget.
        """


class ContractProtocol(Protocol):
    """An operation that the contract alone answers."""

    @abc.abstractmethod
    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the reply; the arguments are those of ``ModelProtocol.decode``.

        Raises:
            InvalidInput: it is no such request, or asks for what there is not.
        """
