"""Read a ModelInferRequest twice, where it lies and by protobuf itself: both must be the same."""

from serving_runtime.errors import InvalidInput, LimitExceeded, Unimplemented
from serving_runtime.protocols.open_inference import protobuf_codec
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.request import Request
from tests.support.differential import comparable

MAX_EXPANDED_BYTES = 1 << 12


def by_protobuf(payload):
    """Read a request by protobuf and ``decoding`` alone."""
    with parsed(protobuf_codec.Message(), payload) as message:
        return protobuf_codec.decode_message(message, MAX_EXPANDED_BYTES)


def outcome(read):
    """Return what reading gives, or its refusal."""
    try:
        request = read()
    except (InvalidInput, LimitExceeded, Unimplemented) as problem:
        # Of several reasons to be no request protobuf may find another one first.
        text = str(problem)
        return type(problem), text[:22] if text.startswith("not a ModelInferRequest") else text
    return request._replace(tensors=comparable(request.tensors))


def assert_same(payload):
    """Fail unless both ways of reading give the same, or refuse with the same words."""
    buffer = bytearray(b"head" + payload)
    expected = outcome(lambda: by_protobuf(payload))
    seen = outcome(lambda: protobuf_codec.decode(memoryview(buffer)[4:], MAX_EXPANDED_BYTES))
    assert seen == expected, payload.hex()
    assert buffer[4:] == payload
    return isinstance(expected, Request)
