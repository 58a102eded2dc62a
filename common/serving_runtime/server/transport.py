"""What the server asks of a transport: how requests and replies look, and how it starts and stops.

Both are bytes with an operation and what a transport may say beside them; what the bytes mean is
the business of workers. Nothing here knows gRPC, nor any other transport.
"""

import abc
from typing import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from serving_runtime import operations
from serving_runtime.errors import ServingError, Status
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.operations import Operation

# Name and value, in order; a name may come twice. What gRPC calls metadata.
Headers = Sequence[Tuple[str, str]]
# What a request or a reply says beside its bytes, by name, such as a content type. A transport puts
# into a request's what the path and the headers say, of an allow-list of names: all others end with
# the transport, since what they hold comes from a client.
Attributes = Mapping[str, str]

NO_HEADERS: Headers = ()
# One for all: a call without any costs no mapping of its own.
NO_ATTRIBUTES: Attributes = EMPTY

# The headers of a request that the front reads itself.
REQUEST_ID = "x-request-id"
RESET_STATE = "x-reset-state"


class Reply(NamedTuple):
    """What a client receives: a status, and a payload or one line of details.

    ``status`` has gRPC's numbers. ``reason`` is why the call failed (``ServingError.reason``), for
    transports whose statuses are finer than those; empty where nothing failed, or if unknown.
    """

    status: Status
    details: str
    payload: bytes
    reason: str = ""
    attributes: Attributes = NO_ATTRIBUTES


class Request(NamedTuple):
    """One request for one reply, as a transport hands it over.

    ``seconds_left`` is the client's deadline, None where it set none; ``reset_state`` is its
    ``x-reset-state``, unread, None where it sent none. ``respond`` takes the reply and the headers
    that go with it; it is called once, while holding the front lock. ``target`` is the model that
    the path names; empty where it names none, as in gRPC.
    """

    operation: Operation
    payload: bytes
    request_id: str
    seconds_left: Optional[float]
    reset_state: Optional[str]
    respond: Callable[[Reply, Headers], None]
    target: str = ""
    attributes: Attributes = NO_ATTRIBUTES


class Stream(NamedTuple):
    """A stream of requests, as a transport hands it over; its fields are those of a request.

    ``messages`` are the requests; the client is held back from sending more than are taken.
    ``trailers`` are the headers that go with its end: whoever answers it puts them there.
    """

    operation: Operation
    messages: AsyncIterator[bytes]
    request_id: str
    seconds_left: Optional[float]
    reset_state: Optional[str]
    trailers: List[Tuple[str, str]]
    attributes: Attributes = NO_ATTRIBUTES


# Takes a request and returns the function to call if the client goes away before the reply; both
# are called while holding the front lock.
UnaryHandler = Callable[[Request], Callable[[], None]]
# Requests of a stream in, replies out; raises ServingError to end it with a status. It is closed
# when the stream ends before it does.
StreamHandler = Callable[[Stream], AsyncGenerator[bytes, None]]


class Routes(NamedTuple):
    """The handler of each operation."""

    unary: Mapping[Operation, UnaryHandler]
    streams: Mapping[Operation, StreamHandler]


class Transport(abc.ABC):
    """Accept connections at an address and answer their requests by the routes.

    A transport is started once, and shut down in the order of the methods here.
    """

    @abc.abstractmethod
    async def start(self, host: str, port: int, socket_path: str = "") -> int:
        """Listen, and return the port (a free one for port 0).

        Args:
            host: an address of this machine, or one that means all.
            port: of it.
            socket_path: of a Unix domain socket to listen on as well; empty for none.

        Raises:
            StartError: the address cannot be listened on.
        """

    def bound_messages(self, max_bytes: int) -> None:
        """Refuse larger messages before they have come, while holding the lock.

        Less than the settings say, since there is no memory for more; the queue refuses them in
        any case. A transport that cannot change its limit does nothing.
        """

    def bound_arrivals(self, max_calls: int) -> None:
        """Take the messages of at most so many calls for the model at a time; the lock is held.

        A transport that cannot hold back its clients does nothing.
        """

    def pass_on_arrivals(self) -> None:
        """Take the messages of all calls that are held back, while holding the lock."""

    def shed(self, refusal: Optional[ServingError]) -> int:
        """Refuse the calls that come, and those that are still arriving, while holding the lock.

        The oldest of those goes on, so that some call is always answered; health is never refused.
        A transport that cannot tell what is arriving does nothing.

        Args:
            refusal: what they are answered with; None ends it.

        Returns:
            How many of those that were arriving were refused.
        """
        return 0

    @abc.abstractmethod
    def stop_accepting(self) -> None:
        """Refuse new connections; those that are open are served as before.

        Afterwards: ``announce_close``, since clients that stay need not know of it yet.
        """

    @abc.abstractmethod
    def announce_close(self) -> float:
        """Ask the clients that are connected to go elsewhere.

        Returns:
            In how many seconds each of them has left, unless it has a call that still runs.
        """

    @property
    @abc.abstractmethod
    def open_connections(self) -> int:
        """How many clients are connected."""

    @abc.abstractmethod
    async def stop(self, grace_seconds: float) -> None:
        """Close what is open; calls that still run after the grace are cancelled.

        Does nothing to a transport that has not started, or has stopped.
        """


def bind(
    forward: UnaryHandler,
    forward_stream: StreamHandler,
    unary: Mapping[Operation, UnaryHandler],
    streams: Mapping[Operation, StreamHandler],
) -> Routes:
    """Return a handler for each row of the table of operations.

    Args:
        forward: answers every operation of one request that workers answer.
        forward_stream: answers every stream whose messages workers answer.
        unary: the front's own operations of one request and one reply.
        streams: the front's own streams.

    Raises:
        ValueError: a row has no handler, or a handler no row.
    """
    forwarded = {row: forward for row in operations.FORWARDED if not row.is_stream}
    forwarded_streams = {row: forward_stream for row in operations.FORWARDED if row.is_stream}
    routes = Routes({**forwarded, **unary}, {**forwarded_streams, **streams})
    expected = {(row.key, row.is_stream) for row in operations.ALL}
    bound = {(row.key, False) for row in routes.unary}
    bound |= {(row.key, True) for row in routes.streams}
    if bound != expected:
        wrong = sorted({key for key, _ in bound ^ expected})
        raise ValueError(f"operations and their handlers do not match: {', '.join(wrong)}")
    return routes
