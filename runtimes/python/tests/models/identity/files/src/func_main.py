"""Returns what it gets, under one name for each dtype."""

DTYPES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 "
    "complex64 complex128 qint8 quint8 qint16 quint16 qint32 string any map"
)


def identity(x):
    """Return the input."""
    return {"y": x}


globals().update({"identity_" + dtype: identity for dtype in DTYPES.split()})
