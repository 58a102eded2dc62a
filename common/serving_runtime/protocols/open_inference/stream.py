"""Write the messages of ModelStreamInfer: a response, or an error beside the id of its request."""

from serving_runtime.protocols.protobuf.scanning import BYTES_1, BYTES_2, BYTES_3, sized

_PARAMETERS = 0x22  # the tag of a response's field 4
_BOOL_TRUE = b"\x08\x01"
# Triton's clients read on until a response says that it is the last one of its request.
FINAL_RESPONSE = sized(
    _PARAMETERS, sized(BYTES_1, b"triton_final_response") + sized(BYTES_2, _BOOL_TRUE)
)


def reply(response: bytes) -> bytes:
    """Return the message that holds a ModelInferResponse."""
    return sized(BYTES_2, response)


def failure(identity: str, details: str) -> bytes:
    """Return the message of a failed request.

    Args:
        identity: the request's id, by which a client finds out whose error it is; may be empty.
        details: what went wrong, in one line.
    """
    message = sized(BYTES_1, details.encode("utf-8", "replace"))
    if identity:
        message += sized(BYTES_2, sized(BYTES_3, identity.encode("utf-8")))
    return message
