"""What may be left out of a tensor: values that are repeated, its shape, and sizes in it."""

from typing import Iterator

import hydro_serving_grpc as hs
from serving_runtime.signature import STRING
from tests.conformance.cases import dtypes
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.messages import reply, request, tensor
from tests.support.wires.tensorflow_serving import COMPLEX, FORMS, write


def identical(title: str, dtype: str, sent, back=None) -> Exchange:
    """Return an exchange with an identity: what is sent comes back, or ``back`` if given."""
    signature = "identity_" + dtype
    sent, back = request(signature, x=sent), reply(y=back or sent)
    return Exchange(f"{dtype}: {title}", dtypes.model_of(dtype), signature, sent, back)


def _typed(dtype, sizes, entries):
    return tensor(FORMS[dtype].number, sizes, **{FORMS[dtype].field: entries})


def _in_typed_fields(sample) -> Iterator[Exchange]:
    dtype, n = sample.dtype, len(sample.array)
    full = write(sample)
    entries = list(getattr(full, FORMS[dtype].field))
    each = 2 if dtype in COMPLEX else 1
    one, last = entries[:each], entries[-each:]
    scalar = _typed(dtype, [], one)
    yield identical("scalar without a shape", dtype, _typed(dtype, None, one), scalar)
    yield identical("one value repeated", dtype, _typed(dtype, [2, 2], one),
                    _typed(dtype, [2, 2], one * 4))  # fmt: skip
    yield identical("the last value repeated", dtype, _typed(dtype, [n + 2], entries),
                    _typed(dtype, [n + 2], entries + last * 2))  # fmt: skip
    yield identical("-1 fits", dtype, _typed(dtype, [-1], entries), full)


def _in_content(sample) -> Iterator[Exchange]:
    dtype, n = sample.dtype, len(sample.array)
    number = FORMS[dtype].number
    content = write(sample, as_content=True).tensor_content
    one = content[: len(content) // n]
    scalar = tensor(number, [], tensor_content=one)
    bare = tensor(number, None, tensor_content=one)
    yield identical("content of a scalar without a shape", dtype, bare, scalar)
    free = tensor(number, [1, -1], tensor_content=content)
    full = tensor(number, [1, n], tensor_content=content)
    yield identical("-1 fits content", dtype, free, full)


def _every_dtype() -> Iterator[Exchange]:
    for sample in dtypes.SAMPLES:
        yield from _in_typed_fields(sample)
        if sample.dtype != STRING:
            yield from _in_content(sample)


def floats(title, sent, *sizes):
    """Return an exchange of floats that come back in a shape."""
    back = _typed("float32", sizes, sent.float_val)
    return identical(title, "float32", sent, back)


def of_unknown_rank(*values):
    """Return a tensor that says its rank is unknown."""
    message = _typed("float32", (), values)
    message.tensor_shape.unknown_rank = True
    return message


def infer(title, x, weight, y, rows):
    """Return an exchange with the model ``features``."""
    sent = request("infer", x=x, weight=weight)
    return Exchange(title, "features", "infer", sent, reply(y=y, rows=rows))


ONES = tensor(hs.DT_FLOAT, [1, 3], tensor_content=b"\0\0\x80\x3f" * 3)
FEW = {"float_val": [1, 2, 3, 4, 5, 6]}

EXCHANGES = [
    *_every_dtype(),
    floats("-1 among dims", tensor(hs.DT_FLOAT, [-1, 2], **FEW), 3, 2),
    floats("-1 for nothing", tensor(hs.DT_FLOAT, [-1, 2]), 0, 2),
    floats("unknown rank", of_unknown_rank(1, 2), 2),
    identical("in uint32_val", "uint8", tensor(hs.DT_UINT8, [2], uint32_val=[0, 255]),
              tensor(hs.DT_UINT8, [2], int_val=[0, 255])),
    identical("in uint32_val", "uint16", tensor(hs.DT_UINT16, [2], uint32_val=[0, 65535]),
              tensor(hs.DT_UINT16, [2], int_val=[0, 65535])),
    infer("content in, content out", ONES,
          tensor(hs.DT_DOUBLE, [1], tensor_content=b"\0\0\0\0\0\0\xf0\x3f"),
          tensor(hs.DT_DOUBLE, [1], tensor_content=b"\0\0\0\0\0\0\x08\x40"),
          tensor(hs.DT_INT64, [1], tensor_content=b"\3\0\0\0\0\0\0\0")),
    infer("one typed input makes typed outputs", ONES,
          tensor(hs.DT_DOUBLE, [1], double_val=[1]),
          tensor(hs.DT_DOUBLE, [1], double_val=[3]), tensor(hs.DT_INT64, [1], int64_val=[3])),
]  # fmt: skip
