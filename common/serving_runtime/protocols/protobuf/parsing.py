"""Parse a request's bytes, with one form of refusal whatever protobuf's version is."""

import contextlib
from typing import Any, Iterator

from google.protobuf.message import DecodeError

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes


@contextlib.contextmanager
def parsed(message: Any, payload: Bytes) -> Iterator[Any]:
    """Parse ``payload`` into ``message``, for a ``with`` block that reads it.

    Args:
        message: an empty one, of the request's type.
        payload: as it came.

    Raises:
        InvalidInput: the bytes are no such message; some versions notice only in the block.
    """
    try:
        _parse(message, payload)
        yield message
    except UnicodeDecodeError:  # protobuf 4.22 to 4.24 find it only when the name is read
        raise _refusal(message, "a name is not UTF-8") from None


def _parse(message: Any, payload: Bytes) -> None:
    # Any buffer but a bytearray will do, which protobuf 4 refuses.
    buffer: Any = memoryview(payload) if isinstance(payload, bytearray) else payload
    try:
        consumed = message.ParseFromString(buffer)
    except (DecodeError, RecursionError) as problem:
        raise _refusal(message, str(problem)) from None
    if consumed < len(payload):  # protobuf 3 stops at a group's end and says so by this only
        raise _refusal(message, f"it ends after {consumed} of {len(payload)} bytes")


def _refusal(message: Any, reason: str) -> InvalidInput:
    return InvalidInput(f"not a {message.DESCRIPTOR.name}: {reason}")
