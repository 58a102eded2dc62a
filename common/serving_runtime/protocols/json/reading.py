"""Parse a JSON text by the quickest library that can, with the same answer by each.

The quick ones only succeed. Whatever they refuse, or are not sure of, is read once more by the
standard library's ``json``, which is slow, but takes NaN and infinities, keeps integers of any
size, and names the line and the column of what is wrong.
"""

import json
from typing import Any, Callable, Iterator, TypeVar

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.json import libraries
from serving_runtime.protocols.json.bounds import check_objects
from serving_runtime.protocols.json.plain import PlainReader
from serving_runtime.protocols.json.reader import Doubt, Reader
from serving_runtime.protocols.json.tape import TapeReader
from serving_runtime.protocols.json.values import CONSTANTS

Found = TypeVar("Found")


class _NotRight(Exception):
    """A quick reader has found something wrong, which it is not to name."""


# From so many bytes on, an object of Python's for each number costs more than pysimdjson's nodes.
LONG_BYTES = 3072
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_DIGITS = 400  # a double has 309 at most
# Of both libraries, between them and all their versions.
_ERRORS = (ValueError, RuntimeError)


def read(payload: Bytes, interpret: Callable[[Reader], Found]) -> Found:
    """Return what a protocol reads in a JSON text.

    Args:
        payload: UTF-8, with or without a byte order mark.
        interpret: reads the parsed text. It may be called several times, by other readers, and
            what it returns holds no node of theirs that is not one of Python's own values.

    Raises:
        InvalidInput: it is no JSON, with the line and column; or whatever ``interpret`` raises.
    """
    if bytes(payload[:3]) == _BYTE_ORDER_MARK:
        payload = memoryview(payload)[3:]
    for parse in _quick_parsers(payload):
        try:
            return _attempt(parse, payload, interpret)
        except Doubt:
            continue
        except _NotRight:
            break
    return interpret(PlainReader(_by_standard_library(bytes(payload)), is_last=True))


def _attempt(
    parse: Callable[[Bytes], Reader], payload: Bytes, interpret: Callable[[Reader], Found]
) -> Found:
    """Return what a quick reader reads; where it cannot, nothing refers to what it has parsed.

    Else that would be in memory together with what the next one parses.
    """
    try:
        reader = parse(payload)
    except (*_ERRORS, InvalidInput):
        raise _NotRight from None
    try:
        found = interpret(reader)
        reader.finish()
    except InvalidInput:
        raise _NotRight from None
    return found


def _quick_parsers(payload: Bytes) -> Iterator[Callable[[Bytes], Reader]]:
    has_both = libraries.simdjson is not None and libraries.orjson is not None
    if _may_use_simdjson(payload) and (len(payload) > LONG_BYTES or not has_both):
        yield TapeReader
    if libraries.orjson is not None:
        yield _by_orjson


def _may_use_simdjson(payload: Bytes) -> bool:
    if libraries.simdjson is None:
        return False
    return not libraries.SIMDJSON_MISREADS_SURROGATES or b"\\u" not in bytes(payload)


def _by_orjson(payload: Bytes) -> Reader:
    check_objects(payload)
    return PlainReader(libraries.orjson.loads(payload), is_last=False)


def _by_standard_library(payload: bytes) -> Any:
    check_objects(payload)
    try:
        return _DECODER.decode(payload.decode("utf-8"))
    except UnicodeDecodeError as problem:
        at = problem.start
        raise InvalidInput(
            f"the body is no UTF-8: its byte {at} is 0x{payload[at]:02x} ({problem.reason})"
        ) from None
    except json.JSONDecodeError as problem:
        raise InvalidInput(_no_json(payload, problem)) from None
    except RecursionError:
        raise InvalidInput("the body is JSON nested too deeply") from None


def _no_json(payload: bytes, problem: json.JSONDecodeError) -> str:
    if not payload.strip():
        return "the body is empty: expected a JSON object"
    where = f"line {problem.lineno}, column {problem.colno}"
    return f"the body is no JSON: {problem.msg} at {where}"


def _integer(digits: str) -> int:
    """Return an integer; the time that older Pythons take grows with the square of its digits."""
    if len(digits) > _MAX_DIGITS:
        raise InvalidInput(f"a number in the body has {len(digits)} digits")
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=CONSTANTS.__getitem__)
