"""Read a request twice, where it lies and by protobuf itself: both must come to the same."""

import numpy as np

import hydro_serving_grpc as hs
from serving_runtime import operations
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols.hydrosphere import protobuf_codec as codec_3_x
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.request import Request
from serving_runtime.protocols.tensorflow_serving import protobuf_codec
from serving_runtime.signature import MapArray

MAX_EXPANDED_BYTES = 1 << 12

# The codec of each method that is read in two ways, and the message that protobuf reads.
CODECS = {
    operations.PREDICT.grpc_method: (protobuf_codec, hs.PredictRequest),
    operations.PREDICT_3.grpc_method: (codec_3_x, codec_3_x.PredictRequest),
}


def by_protobuf(payload, method):
    """Read a request by protobuf and ``decoding`` alone."""
    codec, request_class = CODECS[method]
    with parsed(request_class(), payload) as message:
        return codec.decode_message(message, DecodeBudget(MAX_EXPANDED_BYTES))


def comparable(value):
    """Make a tensor or map something that can be compared, with all NaNs alike."""
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items()}
    if isinstance(value, MapArray):
        return str(value), [comparable(item) for item in value.array.ravel()]
    array = value.array
    if array.dtype.kind in "fc":
        flat = np.ascontiguousarray(array).reshape(-1)
        parts = flat.view(flat.real.dtype)
        array = np.where(np.isnan(parts), np.nan, parts).astype(parts.dtype)
    content = array.tolist() if array.dtype.kind == "O" else array.tobytes()
    return str(value), value.array.dtype.str, content


def outcome(read):
    """Return what reading gives, or its refusal."""
    try:
        request = read()
    except LimitExceeded:  # how much, depends on the order of protobuf's maps
        return LimitExceeded
    except InvalidInput as problem:
        # Of several reasons to be no request protobuf may find another one first.
        text = str(problem)
        return text[:20] if text.startswith("not a PredictRequest") else text
    tensors = comparable(request.tensors)
    if request.unreadable:  # the request is refused, with the first problem of each map
        context = request.reply_context._replace(as_content=None)
        unreadable = set(request.unreadable)
        return request._replace(tensors=tensors, reply_context=context, unreadable=unreadable)
    return request._replace(tensors=tensors)


def is_refused(read):
    """Return whether the client's request is refused as bad."""
    return not isinstance(read, Request) or bool(read.unreadable)


def assert_same(payload, method=operations.PREDICT.grpc_method):
    """Fail unless both ways of reading give the same, or refuse with the same words."""
    buffer = bytearray(b"head" + payload)
    decode = CODECS[method][0].decode
    expected = outcome(lambda: by_protobuf(payload, method))
    seen = outcome(lambda: decode(memoryview(buffer)[4:], MAX_EXPANDED_BYTES))
    # Of two bad tensors in one map the order of protobuf's maps decides which is found first.
    is_either = LimitExceeded in (seen, expected) and is_refused(seen) and is_refused(expected)
    assert seen == expected or is_either, payload.hex()
    assert buffer[4:] == payload
    return isinstance(expected, Request)
