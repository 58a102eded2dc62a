"""Read the text of a setting: ports, counts, sizes and times with units."""

import math
import os
import re
from typing import Any, Callable, FrozenSet, Mapping, NamedTuple, Optional, Tuple

SIZE_UNITS = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9,
    "k": 2**10, "m": 2**20, "g": 2**30,
    "ki": 2**10, "mi": 2**20, "gi": 2**30,
    "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
TIME_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}

# grpc takes message sizes and connection ages as 32-bit integers (the ages in milliseconds).
MAX_MESSAGE_BYTES = 2**31 - 1
MAX_BOUNDS = 64
MAX_LOGGED_BYTES = 1 << 16
MAX_SECONDS = 24 * 3600.0
# The kernel takes 107; the socket is first made beside its place, with a process' number behind.
MAX_SOCKET_PATH_BYTES = 107 - len(".4194304")


class Parser(NamedTuple):
    """How a setting's text is read: ``parse`` raises ValueError, ``form`` is what it expects."""

    parse: Callable[[str], Any]
    form: str


def one_of(*choices: str) -> Parser:
    """Accept one of a few words, in any case."""
    return Parser(_word({choice: choice for choice in choices}), "one of " + ", ".join(choices))


def _word(meanings: Mapping[str, Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return meanings[text.strip().lower()]
        except KeyError:
            raise ValueError(text) from None

    return parse


def integer(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a decimal integer in ``[least, most]``."""

    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse


def size(most: int) -> Callable[[str], int]:
    """Return a function that reads a positive number of bytes such as ``64MiB``, ``1.5GB``."""

    def parse(text: str) -> int:
        value = int(_with_unit(text, SIZE_UNITS))
        if not 1 <= value <= most:
            raise ValueError(text)
        return value

    return parse


def seconds(least: float) -> Callable[[str], float]:
    """Return a function that reads a time such as ``30s``, ``250ms`` or ``10min``."""

    def parse(text: str) -> float:
        value = _with_unit(text, TIME_UNITS)
        if not least <= value <= MAX_SECONDS:
            raise ValueError(text)
        return value

    return parse


def bounds(text: str) -> Tuple[float, ...]:
    """Read times, from the shortest to the longest."""
    found = tuple(_with_unit(part.strip(), TIME_UNITS) for part in text.split(","))
    if not 1 <= len(found) <= MAX_BOUNDS or list(found) != sorted(set(found)) or found[0] <= 0:
        raise ValueError(text)
    return found


def port_or_off(text: str) -> Optional[int]:
    """Read a port; None for ``off``."""
    return None if text.strip().lower() == "off" else integer(0, 65535)(text)


def words_of(*choices: str) -> Callable[[str], FrozenSet[str]]:
    """Return a function that reads any of a few words, in any case, separated by commas."""

    def parse(text: str) -> FrozenSet[str]:
        words = _listed(text.lower())
        if not words <= {*choices}:
            raise ValueError(text)
        return words

    return parse


def origins(text: str) -> FrozenSet[str]:
    """Read origins as browsers write them, separated by commas; ``*`` is all."""
    found = _listed(text.lower())
    if not all(it == "*" or re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s?#]+", it) for it in found):
        raise ValueError(text)
    return found


def path_of_url(text: str) -> str:
    """Read the path of a URL; empty for none."""
    if text and not re.fullmatch(r"/[^\s?#{}]*", text):
        raise ValueError(text)
    return text


def _listed(text: str) -> FrozenSet[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def auto_or(parse: Callable[[str], float]) -> Callable[[str], float]:
    """Return a function that reads ``auto`` as 0, and all else as ``parse`` does."""
    return lambda text: 0 if text.strip().lower() == "auto" else parse(text)


def size_or_off(most: int) -> Callable[[str], int]:
    """Return a function that reads a size of at most ``most`` bytes; 0 for ``off``."""
    return lambda text: 0 if text.strip().lower() == "off" else size(most)(text)


def socket_path(text: str) -> str:
    """Read the path of a socket, also as gRPC's clients write it: ``unix:/run/model.sock``."""
    if not text:
        return ""
    path = text[len("unix:") :] if text.startswith("unix:") else text
    if not path.startswith("/") or len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise ValueError(text)
    return os.path.abspath(path)


def _with_unit(text: str, units: "dict[str, Any]") -> float:
    match = re.match(r"^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$", text.lower())
    if match is None or match.group(2) not in units:
        raise ValueError(text)
    value = float(match.group(1)) * float(units[match.group(2)])
    if math.isinf(value):  # hundreds of digits; int() of it is no ValueError
        raise ValueError(text)
    return value


SWITCH_WORDS = {
    "1": True, "true": True, "on": True, "yes": True,
    "0": False, "false": False, "off": False, "no": False,
}  # fmt: skip
# The setting was a switch once.
LOGGED_CALLS_WORDS = {
    "failed": "failed", "all": "all", "none": "none",
    **{word: "all" if is_on else "none" for word, is_on in SWITCH_WORDS.items()},
}  # fmt: skip
ONE_SEQUENCE_WORDS = {
    "auto": "auto", **{word: "1" if is_on else "0" for word, is_on in SWITCH_WORDS.items()},
}  # fmt: skip

TEXT = Parser(str, "text")
# Absolute: a file is read again later on, when user code may have changed the working directory.
FILE = Parser(lambda text: os.path.abspath(text) if text else "", "text")
SOCKET_PATH = Parser(socket_path, f"an absolute path of at most {MAX_SOCKET_PATH_BYTES} bytes")
PORT = Parser(integer(0, 65535), "a port number, 0 to 65535")
BOUNDS = Parser(bounds, "times such as 1ms,10ms,100ms,1s, the shortest first")
PORT_OR_OFF = Parser(port_or_off, "a port number, 0 to 65535, or off")
HTTP_ALIASES = Parser(
    words_of("sagemaker", "vertex", "mlflow"), "any of sagemaker, vertex, mlflow, with commas"
)
ORIGINS = Parser(origins, "origins such as https://example.org, with commas, or *")
PATH_OF_URL = Parser(path_of_url, "a path such as /predict")
COUNT = Parser(integer(0, 1024), "a whole number, 0 to 1024")
POSITIVE = Parser(integer(1, 10**6), "a whole number, 1 to 1000000")
AUTO_COUNT = Parser(auto_or(integer(1, 1024)), "auto, or a whole number, 1 to 1024")
SIZE = Parser(size(2**50), "a size such as 64MiB, 1GB or 1048576")
PAYLOAD_SIZE = Parser(size_or_off(MAX_LOGGED_BYTES), "off, or a size such as 1KiB, at most 64KiB")
MESSAGE_SIZE = Parser(size(MAX_MESSAGE_BYTES), "a size such as 64MiB, less than 2GiB")
SECONDS = Parser(seconds(0.0), "a time such as 30s, 250ms or 10min, at most 24h")
POSITIVE_SECONDS = Parser(seconds(0.1), "a time such as 30s, 250ms or 10min, from 100ms to 24h")
AUTO_SECONDS = Parser(
    auto_or(seconds(0.1)), "auto, or a time such as 30s, 250ms or 10min, from 100ms to 24h"
)
SWITCH = Parser(_word(SWITCH_WORDS), "1 or 0 (also true, false, on, off, yes, no)")
ONE_SEQUENCE = Parser(_word(ONE_SEQUENCE_WORDS), "one of auto, 1, 0")
LOGGED_CALLS = Parser(
    _word(LOGGED_CALLS_WORDS), "one of failed, all, none (1 and 0 go on meaning all and none)"
)
