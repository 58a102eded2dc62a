"""Every dtype in both encodings: what goes into an identity comes out bit for bit."""

from typing import Iterator, List, NamedTuple

import numpy as np

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case
from tests.conformance.messages import reply, request, tensor


class Sample(NamedTuple):
    """Values of one dtype: their typed field, the entries in it, and an entry's type in NumPy.

    Halves are given by their bits and complex numbers as pairs, as on the wire.
    """

    dtype: str
    number: int
    field: str
    entries: List
    element: str
    per_value: int = 1

    @property
    def count(self) -> int:
        """How many values the entries are."""
        return len(self.entries) // self.per_value

    @property
    def content(self) -> bytes:
        """The same values as ``tensor_content``."""
        return np.array(self.entries, self.element).tobytes()


INF, NAN = float("inf"), float("nan")

SAMPLES = [
    Sample("bool", hs.DT_BOOL, "bool_val", [True, False, True], "?"),
    Sample("int8", hs.DT_INT8, "int_val", [-128, 0, 127], "<i1"),
    Sample("int16", hs.DT_INT16, "int_val", [-(2**15), 0, 2**15 - 1], "<i2"),
    Sample("int32", hs.DT_INT32, "int_val", [-(2**31), 0, 2**31 - 1], "<i4"),
    Sample("int64", hs.DT_INT64, "int64_val", [-(2**63), 0, 2**63 - 1], "<i8"),
    Sample("uint8", hs.DT_UINT8, "int_val", [0, 128, 255], "<u1"),
    Sample("uint16", hs.DT_UINT16, "int_val", [0, 2**15, 2**16 - 1], "<u2"),
    Sample("uint32", hs.DT_UINT32, "uint32_val", [0, 2**31, 2**32 - 1], "<u4"),
    Sample("uint64", hs.DT_UINT64, "uint64_val", [0, 2**63, 2**64 - 1], "<u8"),
    # 1, -infinity, the smallest subnormal, a NaN
    Sample("float16", hs.DT_HALF, "half_val", [0x3C00, 0xFC00, 0x0001, 0x7E00], "<u2"),
    Sample("bfloat16", hs.DT_BFLOAT16, "half_val", [0x3F80, 0xFF80, 0x0001, 0x7FC0], "<u2"),
    Sample("float32", hs.DT_FLOAT, "float_val", [-0.0, 1.5, INF, 2.0**-149, NAN], "<f4"),
    Sample("float64", hs.DT_DOUBLE, "double_val", [-0.0, 1e300, -INF, 5e-324, NAN], "<f8"),
    Sample("complex64", hs.DT_COMPLEX64, "scomplex_val", [1, -2, INF, -0.0], "<f4", 2),
    Sample("complex128", hs.DT_COMPLEX128, "dcomplex_val", [1, -2, NAN, 1e300], "<f8", 2),
    Sample("qint8", hs.DT_QINT8, "int_val", [-128, 0, 127], "<i1"),
    Sample("quint8", hs.DT_QUINT8, "int_val", [0, 128, 255], "<u1"),
    Sample("qint16", hs.DT_QINT16, "int_val", [-(2**15), 0, 2**15 - 1], "<i2"),
    Sample("quint16", hs.DT_QUINT16, "int_val", [0, 2**15, 2**16 - 1], "<u2"),
    Sample("qint32", hs.DT_QINT32, "int_val", [-(2**31), 0, 2**31 - 1], "<i4"),
]
STRINGS = Sample(
    "string", hs.DT_STRING, "string_val", [b"", b"a\0\0", "größer 雪".encode(), b" x\n"], "O"
)
# They came later to some frameworks, and what names them cannot be loaded by their old versions.
LATER = ("uint32", "uint64", "bfloat16")
NAN_PAYLOADS = [0x7FC00001, 0xFFC12345, 0x7F800001]


def model_of(dtype: str) -> str:
    """Return the model that has the identity of a dtype."""
    return "later_dtypes" if dtype in LATER else "identity"


def identical(title: str, sample: Sample, sent, back=None, settings=None) -> Case:
    """Return a case of the identity: what is sent comes back, in ``back``'s form if given."""
    return Case(
        f"{sample.dtype}: {title}",
        model_of(sample.dtype),
        request("identity_" + sample.dtype, x=sent),
        reply(y=back or sent),
        settings=settings or {},
    )


def _typed(sample: Sample, sizes, entries) -> hs.TensorProto:
    return tensor(sample.number, sizes, **{sample.field: entries})


def _in_typed_fields(sample: Sample) -> Iterator[Case]:
    one = sample.entries[: sample.per_value]
    n = sample.count
    yield identical("typed", sample, _typed(sample, [n], sample.entries))
    yield identical("typed matrix", sample, _typed(sample, [n, 1], sample.entries))
    yield identical("nothing", sample, _typed(sample, [0], []))
    yield identical("empty matrix", sample, _typed(sample, [2, 0, 3], []))
    scalar = _typed(sample, [], one)
    yield identical("scalar", sample, scalar)
    yield identical("scalar without a shape", sample, _typed(sample, None, one), scalar)
    repeated = _typed(sample, [2, 2], one)
    yield identical("one value repeated", sample, repeated, _typed(sample, [2, 2], one * 4))
    last = sample.entries[-sample.per_value :]
    yield identical(
        "the last value repeated",
        sample,
        _typed(sample, [n + 2], sample.entries),
        _typed(sample, [n + 2], sample.entries + last * 2),
    )
    full = _typed(sample, [n], sample.entries)
    yield identical("-1 fits", sample, _typed(sample, [-1], sample.entries), full)


def _in_content(sample: Sample) -> Iterator[Case]:
    item_bytes = len(sample.content) // sample.count
    sent = tensor(sample.number, [sample.count], tensor_content=sample.content)
    yield identical("content", sample, sent)
    one = sample.content[:item_bytes]
    scalar = tensor(sample.number, [], tensor_content=one)
    yield identical("content of a scalar", sample, scalar)
    bare = tensor(sample.number, None, tensor_content=one)
    yield identical("content of a scalar without a shape", sample, bare, scalar)
    free = tensor(sample.number, [1, -1], tensor_content=sample.content)
    full = tensor(sample.number, [1, sample.count], tensor_content=sample.content)
    yield identical("-1 fits content", sample, free, full)


def _every_dtype() -> Iterator[Case]:
    for sample in SAMPLES:
        yield from _in_typed_fields(sample)
        yield from _in_content(sample)
    yield from _in_typed_fields(STRINGS)


def _nan_payloads() -> Iterator[Case]:
    """NaNs keep every bit; content only, since protobuf's Python reads floats as doubles."""
    by_name = {sample.dtype: sample for sample in SAMPLES}
    bits = {
        "float32": np.array(NAN_PAYLOADS, "<u4"),
        "float64": np.array([bits << 32 | 1 for bits in (0x7FF80000, 0x7FF00000)], "<u8"),
        "float16": np.array([0x7E01, 0xFE55, 0x7C01], "<u2"),
        "bfloat16": np.array([0x7FC1, 0xFFD5], "<u2"),
    }
    for dtype, payloads in bits.items():
        sent = tensor(by_name[dtype].number, [len(payloads)], tensor_content=payloads.tobytes())
        yield identical("NaN payloads", by_name[dtype], sent)


CASES = [*_every_dtype(), *_nan_payloads()]
