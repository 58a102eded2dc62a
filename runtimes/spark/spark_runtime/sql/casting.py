"""CAST values of one SQL type to another."""

from typing import Callable, Dict, Optional

import numpy as np

from spark_runtime.java.numerals import as_texts
from spark_runtime.sql.values import (
    BOOL,
    DECIMAL,
    DOUBLE,
    INTEGERS,
    NULL,
    STRING,
    Values,
    cast,
    held,
)
from spark_runtime.unsupported import Unsupported

_NAMES = {
    "BOOLEAN": BOOL,
    "BYTE": "int8",
    "TINYINT": "int8",
    "SHORT": "int16",
    "SMALLINT": "int16",
    "INT": "int32",
    "INTEGER": "int32",
    "LONG": "int64",
    "BIGINT": "int64",
    "FLOAT": "float32",
    "REAL": "float32",
    "DOUBLE": DOUBLE,
    "STRING": STRING,
}
_TRUTHS: Dict[str, bool] = {
    **dict.fromkeys(("t", "true", "y", "yes", "1"), True),
    **dict.fromkeys(("f", "false", "n", "no", "0"), False),
}


def type_named(name: str) -> str:
    """Return the type of a name of SQL's.

    Raises:
        Unsupported: it is none that is evaluated here.
    """
    if name not in _NAMES:
        raise Unsupported(f"it has a CAST to {name}, which is not evaluated here")
    return _NAMES[name]


def converter(before: str, after: str) -> Callable[[Values], Values]:
    """Return what casts values of one type to another."""
    if before in (after, NULL):
        return lambda found: cast(found, before, after)
    if after == STRING:
        return lambda found: _to_text(found, before)
    if before == STRING:
        return lambda found: _of_text(found, after)
    if after in INTEGERS and before not in (*INTEGERS, BOOL):
        return lambda found: _truncated(found, after)
    return lambda found: found._replace(values=_narrowed(found.values, after))


def _narrowed(values: np.ndarray, kind: str) -> np.ndarray:
    narrow = values.astype(kind) if kind in INTEGERS else values
    return narrow.astype(held(kind))


def _truncated(found: Values, kind: str) -> Values:
    limits = np.iinfo(kind)
    whole = np.clip(np.trunc(found.values), limits.min, limits.max)
    # The greatest of 64 bits is no double: what is beyond it would wrap around.
    values = np.where(whole >= 2.0**63, limits.max, np.nan_to_num(whole).astype(np.int64))
    return found._replace(values=values)


def _to_text(found: Values, before: str) -> Values:
    kind = DOUBLE if before == DECIMAL else before
    texts = np.array([*as_texts(found.values, kind), None], object)[:-1]
    return found._replace(values=texts)


def _of_text(found: Values, kind: str) -> Values:
    """Read numbers and truths; what cannot be read is null."""
    read = [None if null else _read(text.strip(), kind) for text, null in zip(*found)]
    nulls = np.array([it is None for it in read], bool)
    values = np.array([0 if it is None else it for it in read], held(kind))
    return Values(values, nulls)


def _read(text: str, kind: str) -> Optional[float]:
    try:
        if kind == BOOL:
            return _TRUTHS[text.lower()]
        if kind not in INTEGERS:
            return float(text.rstrip("dDfF") if text[-1:] in "dDfF" else text)
        whole, limits = int(text.partition(".")[0] or "0"), np.iinfo(kind)
        return whole if limits.min <= whole <= limits.max else None
    except (ValueError, KeyError):
        return None
