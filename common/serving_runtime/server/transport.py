"""What the front asks of whatever accepts connections: bytes in, status and bytes out."""

import abc
from typing import AsyncIterator, Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from serving_runtime.errors import NotAuthenticated, StartError, Status
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.operations import Operation
from serving_runtime.security.tokens import TokenAuthenticator

Metadata = Sequence[Tuple[str, str]]


class Reply(NamedTuple):
    """What a client receives: a status, and a payload or one line of details."""

    status: Status
    details: str
    payload: bytes
    reason: str = ""
    attributes: Mapping[str, str] = EMPTY


class Request(NamedTuple):
    """One unary request as a listener hands it over.

    ``respond`` takes the outcome and the trailing metadata; it must be called once, in a turn.
    ``seconds_left`` is the client's deadline, None where it set none;
    ``reset_state`` is its ``x-reset-state``, unread, None where it sent none.
    """

    operation: Operation
    payload: bytes
    request_id: str
    seconds_left: Optional[float]
    reset_state: Optional[str]
    respond: Callable[[Reply, Metadata], None]


# Takes a request and returns the function to call if the client goes away before the answer; both
# are called in a turn.
UnaryHandler = Callable[[Request], Callable[[], None]]
# Requests of a stream in, replies out; raises ServingError to end it with a status.
StreamHandler = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]


class Routes(NamedTuple):
    """The handler of each operation."""

    unary: Mapping[Operation, UnaryHandler]
    streams: Mapping[Operation, StreamHandler]


class Transport(abc.ABC):
    """Accepts calls on a port and answers them with what the routes give."""

    @abc.abstractmethod
    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port.

        Raises:
            StartError: the address cannot be listened on.
        """

    @abc.abstractmethod
    async def stop(self, grace_seconds: float) -> None:
        """Stop; calls that still run after the grace are cancelled."""


def port_refused(host: str, port: int) -> StartError:
    """Return the error to raise for an address that cannot be listened on."""
    return StartError(
        f"cannot listen on {host}:{port}: the port is in use, or the address is foreign",
        "choose another with APP_PORT (or --port) and RUNTIME_HOST; 0 takes a free port",
    )


def refusal_of(access: TokenAuthenticator, method: str, metadata: Metadata) -> Optional[Reply]:
    """Return the answer to a call that may not go on, None if it may."""
    try:
        access.check(method, first_values(metadata).get("authorization"))
    except NotAuthenticated as error:
        return Reply(error.status, str(error), b"")
    return None


def first_values(metadata: Metadata) -> Dict[str, str]:
    """Return a client's metadata by key; of a key that comes twice, the first."""
    return dict(reversed(metadata))
