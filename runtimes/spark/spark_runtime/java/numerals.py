"""Write numbers as Java does, where a stage takes them for texts."""

import math
from typing import Any, List, Optional, Tuple

import numpy as np

Texts = List[Optional[str]]


def as_texts(values: Any, dtype: str) -> Texts:
    """Return a column as texts, None for what is missing.

    Args:
        values: numbers or texts.
        dtype: that the column was declared with: numbers with missing ones among them are floats.
    """
    if values.dtype == object:
        return list(values)
    if dtype == "bool":
        return [None if math.isnan(value) else "true" if value else "false" for value in values]
    if dtype == "float32":
        return [java_double(float(str(np.float32(value)))) for value in values]
    if dtype.startswith("float"):
        return [java_double(float(value)) for value in values]
    return [None if math.isnan(value) else str(int(value)) for value in values]


def java_double(value: float) -> str:
    """Return what ``Double.toString`` gives."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return _plainly(value)
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        digits, _, exponent = _shifted(digits)
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _plainly(value: float) -> str:
    text = repr(value)
    return text if "e" not in text else f"{value:.20f}"


def _shifted(digits: str) -> Tuple[str, str, str]:
    """Return 1.2345678 and 7 for 12345678.0, all digits kept."""
    sign = "-" if digits.startswith("-") else ""
    whole, _, rest = digits.lstrip("-").partition(".")
    joined = (whole + rest).strip("0") if whole != "0" else rest.strip("0")
    exponent = len(whole) - 1 if whole != "0" else -(len(rest) - len(rest.lstrip("0")) + 1)
    return f"{sign}{joined[0]}.{joined[1:] or '0'}", "e", str(exponent)
