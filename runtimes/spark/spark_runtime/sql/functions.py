"""SQL's common functions of numbers and texts."""

import functools
import re
from typing import Any, Callable, Dict, List, NamedTuple, Pattern, Sequence

import numpy as np

from spark_runtime.java.patterns import java_pattern
from spark_runtime.sql.syntax import Node
from spark_runtime.sql.values import (
    BOOL,
    DOUBLE,
    INT,
    INTEGERS,
    LONG,
    NULL,
    STRING,
    Values,
    common_type,
)
from spark_runtime.unsupported import Unsupported

Arguments = List[Any]
Apply = Callable[[Arguments, np.ndarray], Values]
_MANY = 99


class Function(NamedTuple):
    """A function: the types of its arguments and of its result, and what applies it.

    ``takes``: a type for each argument, ``any`` for one of all, ``same`` for the widest of all.
    """

    takes: Sequence[str]
    result: str
    apply: Apply
    least: int = -1

    def accept(self, name: str, kinds: Sequence[str]) -> List[str]:
        """Return as what the arguments are taken.

        Raises:
            Unsupported: they are too many, too few, or of types that are not taken.
        """
        least = len(self.takes) if self.least < 0 else self.least
        most = _MANY if self.takes[-1] == "same" else len(self.takes)
        if not least <= len(kinds) <= most:
            raise Unsupported(f"it calls {name} with {len(kinds)} arguments")
        if self.takes[-1] == "same":
            return [common_type(kinds)] * len(kinds)
        return [_taken(name, kind, wanted) for kind, wanted in zip(kinds, self.takes)]

    def gives(self, kinds: Sequence[str]) -> str:
        """Return the type of the result for arguments that are taken as these."""
        return kinds[0] if self.result == "same" else self.result


def _taken(name: str, kind: str, wanted: str) -> str:
    if wanted == "any" and kind not in (STRING, NULL):
        return kind if kind in INTEGERS else DOUBLE
    is_number = kind not in (STRING, BOOL) and wanted != STRING
    if is_number or kind in (NULL, wanted):
        return DOUBLE if wanted == "any" else wanted
    raise Unsupported(f"it calls {name} with an argument of type {kind}: CAST it")


def _number(function: Callable[..., np.ndarray]) -> Apply:
    return lambda arguments, nulls: Values(function(*arguments), nulls)


def _logarithm(function: Callable[[np.ndarray], np.ndarray], least: float = 0.0) -> Apply:
    """Return a logarithm, which is null where there is none."""

    def apply(arguments: Arguments, nulls: np.ndarray) -> Values:
        [values] = arguments
        has_none = values <= least
        return Values(function(np.where(has_none, 1.0, values)), nulls | has_none)

    return apply


def _text(function: Callable[..., Any], dtype: Any = object) -> Apply:
    """Return a function of texts, called for each row that has all its arguments."""

    def apply(arguments: Arguments, nulls: np.ndarray) -> Values:
        found = np.zeros(len(nulls), dtype)
        for row in np.nonzero(~nulls)[0]:
            found[row] = function(*(argument[row] for argument in arguments))
        return Values(found, nulls)

    return apply


def _substring(text: str, start: int, length: int = 2**31) -> str:
    begin = start - 1 if start > 0 else max(len(text) + start, 0) if start else 0
    return text[begin : begin + max(length, 0)]


@functools.lru_cache(maxsize=None)
def _like_pattern(pattern: str) -> Pattern[str]:
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(it) or re.escape(it) for it in pattern), re.DOTALL)


def _like(text: str, pattern: str) -> bool:
    return _like_pattern(pattern).fullmatch(text) is not None


def _replaced(text: str, pattern: str, replacement: str) -> str:
    return java_pattern(pattern).sub(lambda _: replacement, text)


def require_literal_patterns(name: str, parts: Sequence[Node]) -> None:
    """Check that patterns are written out in the statement, so that no client chooses one.

    Raises:
        Unsupported: one is not, or has what is not evaluated here.
    """
    if name not in ("LIKE", "REGEXP_REPLACE"):
        return
    texts = [part.value for part in parts[1:] if part.kind == "text"]
    if len(texts) != len(parts) - 1 or any(sign in texts[-1] for sign in "$\\"):
        raise Unsupported(f"it calls {name} with a pattern that is not a plain text")
    if name == "REGEXP_REPLACE":
        java_pattern(texts[0])


def _rounded(values: np.ndarray, digits: Any = None) -> np.ndarray:
    """Round half away from zero, as decimals do, by the digits that a number is written with."""
    from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

    places = np.zeros(len(values), np.int64) if digits is None else digits

    def rounded(value: float, place: int) -> float:
        try:
            unit = Decimal(1).scaleb(-int(place))
            return float(Decimal(repr(value)).quantize(unit, ROUND_HALF_UP))
        except InvalidOperation:  # infinite, or so large that there is nothing to round
            return value

    return np.array([rounded(*it) for it in zip(values.tolist(), places.tolist())])


def _whole(function: Callable[[np.ndarray], np.ndarray]) -> Apply:
    return lambda arguments, nulls: Values(function(arguments[0]).astype(np.int64), nulls)


_OF_NUMBER = ("float64",)
FUNCTIONS: Dict[str, Function] = {
    "ABS": Function(("any",), "same", _number(np.abs)),
    "SQRT": Function(_OF_NUMBER, DOUBLE, _number(np.sqrt)),
    "CBRT": Function(_OF_NUMBER, DOUBLE, _number(np.cbrt)),
    "EXP": Function(_OF_NUMBER, DOUBLE, _number(np.exp)),
    "EXPM1": Function(_OF_NUMBER, DOUBLE, _number(np.expm1)),
    "LN": Function(_OF_NUMBER, DOUBLE, _logarithm(np.log)),
    "LOG": Function(_OF_NUMBER, DOUBLE, _logarithm(np.log)),
    "LOG2": Function(_OF_NUMBER, DOUBLE, _logarithm(np.log2)),
    "LOG10": Function(_OF_NUMBER, DOUBLE, _logarithm(np.log10)),
    "LOG1P": Function(_OF_NUMBER, DOUBLE, _logarithm(np.log1p, -1.0)),
    "POW": Function((DOUBLE, DOUBLE), DOUBLE, _number(np.power)),
    "POWER": Function((DOUBLE, DOUBLE), DOUBLE, _number(np.power)),
    "SIN": Function(_OF_NUMBER, DOUBLE, _number(np.sin)),
    "COS": Function(_OF_NUMBER, DOUBLE, _number(np.cos)),
    "TAN": Function(_OF_NUMBER, DOUBLE, _number(np.tan)),
    "SIGN": Function(_OF_NUMBER, DOUBLE, _number(np.sign)),
    "SIGNUM": Function(_OF_NUMBER, DOUBLE, _number(np.sign)),
    "FLOOR": Function(_OF_NUMBER, LONG, _whole(np.floor)),
    "CEIL": Function(_OF_NUMBER, LONG, _whole(np.ceil)),
    "CEILING": Function(_OF_NUMBER, LONG, _whole(np.ceil)),
    "ROUND": Function((DOUBLE, INT), DOUBLE, _number(_rounded), least=1),
    "NANVL": Function((DOUBLE, DOUBLE), DOUBLE, lambda found, nulls: Values(found[0], nulls)),
    "ISNAN": Function(
        _OF_NUMBER, BOOL, lambda found, nulls: Values(np.isnan(found[0]), np.zeros_like(nulls))
    ),
    "UPPER": Function((STRING,), STRING, _text(str.upper)),
    "UCASE": Function((STRING,), STRING, _text(str.upper)),
    "LOWER": Function((STRING,), STRING, _text(str.lower)),
    "LCASE": Function((STRING,), STRING, _text(str.lower)),
    "TRIM": Function((STRING,), STRING, _text(lambda text: text.strip(" "))),
    "LTRIM": Function((STRING,), STRING, _text(lambda text: text.lstrip(" "))),
    "RTRIM": Function((STRING,), STRING, _text(lambda text: text.rstrip(" "))),
    "LENGTH": Function((STRING,), INT, _text(len, np.int64)),
    "CHAR_LENGTH": Function((STRING,), INT, _text(len, np.int64)),
    "CONCAT": Function(("same",), STRING, _text(lambda *texts: "".join(texts)), least=1),
    "SUBSTRING": Function((STRING, INT, INT), STRING, _text(_substring), least=2),
    "SUBSTR": Function((STRING, INT, INT), STRING, _text(_substring), least=2),
    "LIKE": Function((STRING, STRING), BOOL, _text(_like, np.bool_)),
    "REGEXP_REPLACE": Function((STRING, STRING, STRING), STRING, _text(_replaced)),
}
