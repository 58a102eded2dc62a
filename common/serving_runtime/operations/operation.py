"""What a row of the table of operations says."""

import enum
from typing import NamedTuple, Tuple


class AnsweredBy(enum.Enum):
    """Who answers an operation."""

    MODEL = "model"  # a worker, by calling the model; waits in the admission queue
    CONTRACT = "contract"  # a worker, from the model's contract alone
    FRONT = "front"  # the front itself, at once and in every phase


class ErrorForm(enum.Enum):
    """How a failure is reported to the client, beside the transport's own status."""

    STATUS = "status"  # one line of details beside a gRPC status; there is no body
    # A message of Open Inference's streams, which go on: of one message, not of the stream.
    STREAM_MESSAGE = "stream_message"
    ERROR_OBJECT = "error_object"  # {"error": "…"} as JSON, beside HTTP's status


class HttpRoute(NamedTuple):
    """One way to ask for an operation by HTTP.

    ``path`` may have parts that are whatever the client writes there: ``{model}``, ``{version}``
    and ``{label}``. Or it is the name of a variable, such as ``$AIP_PREDICT_ROUTE``, whose value is
    the path, if it has one: a host chooses it. ``aliases``: the words of RUNTIME_HTTP_ALIASES of
    which any switches it on; always there if there are none.
    """

    method: str
    path: str
    aliases: Tuple[str, ...] = ()


class Operation(NamedTuple):
    """One row of the table."""

    key: str
    """Its name inside of the service: ``<protocol>.<operation>``; travels in frames."""

    answered_by: AnsweredBy
    """The model, the contract, or the front."""

    grpc_method: str = ""
    """Its full gRPC method name, ``/package.Service/Method``; empty where gRPC has none."""

    is_stream: bool = False
    """Whether gRPC clients open a stream; else one request has one reply. One that workers answer
    is forwarded message by message, each as a call of its own."""

    may_retry: bool = False
    """Whether it is tried once more when the worker that ran it ends."""

    error_form: ErrorForm = ErrorForm.STATUS
    """What a failure's body looks like."""

    is_health: bool = False
    """Whether RUNTIME_OPEN_HEALTH opens it to callers without a token."""

    is_open: bool = False
    """Whether anybody may ask for it, with a token or without: it tells nothing of the model."""

    http_routes: Tuple[HttpRoute, ...] = ()
    """How HTTP asks for it; none where HTTP cannot."""

    @property
    def protocol(self) -> str:
        """The protocol's folder below ``protocols/``, or whose convention the front follows."""
        return self.key.partition(".")[0]

    @property
    def grpc_service(self) -> str:
        """The gRPC service's full name, such as ``grpc.health.v1.Health``."""
        return self.grpc_method[1:].partition("/")[0]

    @property
    def grpc_name(self) -> str:
        """The gRPC method's own name, such as ``Check``."""
        return self.grpc_method.rpartition("/")[2]

    @property
    def log_name(self) -> str:
        """What a line of the log calls it: the gRPC method's own name, or its key."""
        return self.grpc_name or self.key

    @property
    def is_forwarded(self) -> bool:
        """Whether workers answer it: the front then forwards it unread."""
        return self.answered_by is not AnsweredBy.FRONT
