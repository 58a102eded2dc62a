"""Say what is sent again and again, and where."""

from typing import Mapping, NamedTuple

from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from serving_runtime.ipc.attributes import EMPTY


class Load(NamedTuple):
    """What is sent, and where.

    Args:
        address: ``host:port``, ``unix:/path``, or a URL.
        request: the bytes of a PredictRequest, or of a body.
        seconds: how long calls are started for.
        deadline_seconds: how long one call may take.
        connections: over how many connections gRPC's callers are spread; by HTTP each has its own.
        options: TLS and a token, where the service wants them.
        path: of HTTP; empty by gRPC.
        headers: of HTTP.
    """

    address: str
    request: bytes
    seconds: float
    deadline_seconds: float
    connections: int = 1
    options: ConnectionOptions = PLAINTEXT
    path: str = ""
    headers: Mapping[str, str] = EMPTY
