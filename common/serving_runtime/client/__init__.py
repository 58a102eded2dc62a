"""Call a running service: arrays in, arrays out; for the command line, demos and tests.

NumPy and the messages are imported by the calls that need them, so that a health check starts
fast.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple, Union

import grpc

from serving_runtime import operations
from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from serving_runtime.client.failures import DEFAULT_DEADLINE_SECONDS, CallFailed

if TYPE_CHECKING:
    from serving_runtime.client.rest import RestClient
    from serving_runtime.model import Arrays

__all__ = [
    "DEFAULT_DEADLINE_SECONDS",
    "CallFailed",
    "Client",
    "channel_options",
    "connect",
    "decode_response",
    "encode_request",
    "error_text",
]

HEALTH_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

# What a reply repeats is the service's own doing: it is believed up to this size.
MAX_EXPANDED_BYTES = 2**31

_LOOPBACK = ("localhost:", "127.", "[::1]:", "unix:")


class Client:
    """A connection to one service; close it, or use it in a ``with`` statement.

    Args:
        address: ``host:port``, or ``unix:/path`` of a Unix domain socket.
        options: TLS and a token, where the service wants them.
    """

    def __init__(self, address: str, options: ConnectionOptions = PLAINTEXT) -> None:
        self.address = address
        self._options = options
        # Which state a stateful model was in at the last answer: a new number means that what
        # earlier calls have left is gone.
        self.state_epoch: Optional[int] = None
        self._channel = options.channel(address, channel_options(address))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def predict(
        self,
        signature_name: str,
        inputs: "Mapping[str, Any]",
        deadline_seconds: float = DEFAULT_DEADLINE_SECONDS,
        as_content: bool = True,
        reset_state: bool = False,
    ) -> "Arrays":
        """Call the model once.

        Args:
            signature_name: empty for the only signature or ``serving_default``.
            inputs: by name, what ``numpy.asarray`` takes, a column, a table, a sparse matrix, a
                Tensor where the dtype must be one that NumPy has not, or a dict of these for a
                map, and a list of dicts for several. None, and pandas' NA, is a
                missing value, where the model's columns can have such.
            deadline_seconds: how long to wait for the answer.
            as_content: numbers travel as raw bytes, and come back so; False: in typed fields.
            reset_state: a stateful model forgets all earlier calls, of every client, before this.

        Returns:
            The outputs by name; strings are bytes objects in an object array, a map is a dict,
            and several are dicts in an object array.

        Raises:
            CallFailed: the service refused or failed, or is not there.
            TypeError: an input is of a type that no tensor can hold.
        """
        payload = encode_request(signature_name, inputs, as_content)
        metadata = [("x-reset-state", "1")] if reset_state else []
        return decode_response(
            self._call(operations.PREDICT.grpc_method, payload, deadline_seconds, metadata)
        )

    def health(self, service: str = "", deadline_seconds: float = DEFAULT_DEADLINE_SECONDS) -> str:
        """Return the answer of gRPC's health protocol: ``SERVING``, ``NOT_SERVING`` or another.

        Raises:
            CallFailed: the service is not there, or has no service of that name (NOT_FOUND).
        """
        # By hand, since protobuf alone would take as long to import as all the rest:
        # HealthCheckRequest{1: service}, HealthCheckResponse{1: status}.
        name = service.encode()
        request = b"\x0a" + _varint(len(name)) + name if name else b""
        response = self._call(operations.HEALTH_CHECK.grpc_method, request, deadline_seconds)
        number = response[1] if response[:1] == b"\x08" else 0
        return HEALTH_STATUSES[number] if number < len(HEALTH_STATUSES) else "UNKNOWN"

    def status(self, deadline_seconds: float = DEFAULT_DEADLINE_SECONDS) -> Tuple[str, str]:
        """Return the answer of Hydrosphere's ``Status``: the status' name and a message for people.

        Raises:
            CallFailed: the service is not there.
        """
        import hydro_serving_grpc as hs

        response = hs.StatusResponse.FromString(
            self._call(operations.STATUS.grpc_method, b"", deadline_seconds)
        )
        return hs.StatusResponse.ServiceStatus.Name(response.status), response.message

    def _call(self, method: str, payload: bytes, seconds: float, metadata: Any = ()) -> bytes:
        call = self._channel.unary_unary(method, None, None)  # messages stay bytes
        try:
            answer, ended = call.with_call(payload, seconds, [*metadata, *self._options.metadata])
        except grpc.RpcError as error:
            raise self._failure(error) from None
        self._trailing(ended)
        return bytes(answer)

    def _trailing(self, call: Any) -> Dict[str, Any]:
        """Return an answer's metadata, having kept the model's state epoch."""
        trailing = dict(call.trailing_metadata() or ())
        if "x-state-epoch" in trailing:
            self.state_epoch = int(trailing["x-state-epoch"])
        return trailing

    def _failure(self, error: Any) -> CallFailed:
        details = error.details() or "no details"
        trailing = self._trailing(error)
        hint = self._options.hint(error.code().name, details, self.address)
        return CallFailed(error.code().name, details, hint, str(trailing.get("x-request-id", "")))


def connect(address: str, options: ConnectionOptions = PLAINTEXT) -> "Union[Client, RestClient]":
    """Return a client of a service.

    Args:
        address: ``host:port`` or ``unix:/path`` for gRPC, ``http://…`` or ``https://…`` for HTTP.
        options: TLS and a token, where the service wants them.

    Raises:
        StartError: a URL names no host.
    """
    if not address.lower().startswith(("http://", "https://")):
        return Client(address, options)
    from serving_runtime.client.rest import RestClient  # HTTP and TLS take their time to import

    return RestClient(address, options)


def channel_options(address: str) -> List[Tuple[str, int]]:
    """Return grpc's channel arguments for an address."""
    options = [
        # The service has limits of its own; grpc's 4 MiB would only be a second one.
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
    ]
    if address.startswith(_LOOPBACK):
        options.append(("grpc.enable_http_proxy", 0))  # no proxy can reach this machine's loopback
    return options


def encode_request(signature_name: str, inputs: "Mapping[str, Any]", as_content: bool) -> bytes:
    """Return the bytes of a PredictRequest; see ``Client.predict`` for the arguments.

    Raises:
        TypeError: an input is of a type that no tensor can hold.
    """
    from serving_runtime.client.arrays import tensor_of
    from serving_runtime.client.missing import with_masks
    from serving_runtime.protocols.tensorflow_serving import client_codec

    tensors = {name: tensor_of(value, name) for name, value in with_masks(inputs).items()}
    return client_codec.write_request(signature_name, tensors, as_content)


def decode_response(payload: bytes) -> "Arrays":
    """Return the arrays of a PredictResponse's bytes."""
    from serving_runtime.client.arrays import arrays_of
    from serving_runtime.protocols.tensorflow_serving import client_codec

    return arrays_of(client_codec.read_response(payload, MAX_EXPANDED_BYTES))


def error_text(error: Exception) -> str:
    """Return what is wrong with a request in the words that the service would answer with."""
    from serving_runtime.errors import ServingError
    from serving_runtime.protocols.tensorflow_serving import wording

    return wording.word(error) if isinstance(error, ServingError) else str(error)


def _varint(number: int) -> bytes:
    rest = _varint(number >> 7) if number > 0x7F else b""
    return bytes([number & 0x7F | 0x80 * bool(rest)]) + rest
