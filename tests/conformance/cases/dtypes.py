"""Every dtype in several shapes: what goes into an identity comes out bit for bit."""

from typing import Iterator

import numpy as np

from serving_runtime.signature import Tensor
from tests.support.cases import Case, answered, tensor

INF, NAN = float("inf"), float("nan")


def of_bits(dtype: str, *bits: int) -> Tensor:
    """Return floats by their bits; bfloat16 is the upper half of float32."""
    element = {"float16": "<u2", "bfloat16": "<u4", "float32": "<u4", "float64": "<u8"}[dtype]
    array = np.array(bits, element)
    if dtype == "bfloat16":
        return Tensor(dtype, (array << 16).view("<f4"))
    return Tensor(dtype, array.view(element.replace("u", "f")))


SAMPLES = [
    tensor("bool", [True, False, True]),
    tensor("int8", [-128, 0, 127]),
    tensor("int16", [-(2**15), 0, 2**15 - 1]),
    tensor("int32", [-(2**31), 0, 2**31 - 1]),
    tensor("int64", [-(2**63), 0, 2**63 - 1]),
    tensor("uint8", [0, 128, 255]),
    tensor("uint16", [0, 2**15, 2**16 - 1]),
    tensor("uint32", [0, 2**31, 2**32 - 1]),
    tensor("uint64", [0, 2**63, 2**64 - 1]),
    # 1, -infinity, the smallest subnormal, a NaN
    of_bits("float16", 0x3C00, 0xFC00, 0x0001, 0x7E00),
    of_bits("bfloat16", 0x3F80, 0xFF80, 0x0001, 0x7FC0),
    tensor("float32", [-0.0, 1.5, INF, 2.0**-149, NAN]),
    tensor("float64", [-0.0, 1e300, -INF, 5e-324, NAN]),
    tensor("complex64", [complex(1, -2), complex(INF, -0.0)]),
    tensor("complex128", [complex(1, -2), complex(NAN, 1e300)]),
    tensor("qint8", [-128, 0, 127]),
    tensor("quint8", [0, 128, 255]),
    tensor("qint16", [-(2**15), 0, 2**15 - 1]),
    tensor("quint16", [0, 2**15, 2**16 - 1]),
    tensor("qint32", [-(2**31), 0, 2**31 - 1]),
    tensor("string", [b"", b"a\0\0", "größer 雪", b" x\n"]),
]
NAN_PAYLOADS = [
    of_bits("float16", 0x7E01, 0xFE55, 0x7C01),
    of_bits("bfloat16", 0x7FC1, 0xFFD5),
    of_bits("float32", 0x7FC00001, 0xFFC12345, 0x7F800001),
    of_bits("float64", 0x7FF80000_00000001, 0x7FF00000_00000001),
]
# They came later to some frameworks, and what names them cannot be loaded by their old versions.
LATER = ("uint32", "uint64", "bfloat16")


def model_of(dtype: str) -> str:
    """Return the model that has the identity of a dtype."""
    return "later_dtypes" if dtype in LATER else "identity"


def identical(title: str, sent: Tensor) -> Case:
    """Return a case of the identity: what is sent comes back."""
    title = f"{sent.dtype}: {title}"
    return answered(title, model_of(sent.dtype), "identity_" + sent.dtype, {"x": sent}, y=sent)


def _in_shapes(sample: Tensor) -> Iterator[Case]:
    dtype, values = sample
    yield identical("list", sample)
    yield identical("matrix", Tensor(dtype, values.reshape(-1, 1)))
    yield identical("nothing", Tensor(dtype, values[:0]))
    yield identical("empty matrix", Tensor(dtype, values[:0].reshape(2, 0, 3)))
    yield identical("scalar", Tensor(dtype, values[:1].reshape(())))


CASES = [
    *(case for sample in SAMPLES for case in _in_shapes(sample)),
    *(identical("NaN payloads", sample) for sample in NAN_PAYLOADS),
]
