"""Read files of certificates, keys and tokens; no message repeats what they hold."""

import re
from typing import Tuple

from serving_runtime.errors import SettingError

# See: RFC 6750, b64token; nothing else can be sent in the header.
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")


def content(origin: str, path: str) -> bytes:
    """Return what a file holds.

    Args:
        origin: the setting or flag that names it, for messages.
        path: where it is.

    Raises:
        SettingError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", error)
        raise SettingError(f"{origin}={path} cannot be read: {why}") from None


def tokens(origin: str, path: str) -> Tuple[bytes, ...]:
    """Return the bearer tokens of a file, one a line; blank lines are left out.

    Raises:
        SettingError: it cannot be read, has no token, or a line that can be none.
    """
    lines = [line.strip() for line in content(origin, path).splitlines()]
    for number, line in enumerate(lines, 1):
        if line and _TOKEN.fullmatch(line) is None:
            raise _refused(origin, path, f"has in line {number} what no header could carry")
    found = tuple(line for line in lines if line)
    if not found:
        raise _refused(origin, path, "has no token")
    return found


def _refused(origin: str, path: str, what: str) -> SettingError:
    return SettingError(
        f"{origin}={path} {what}: expected one token a line",
        "of letters, digits and -._~+/, with = at the end; `openssl rand -hex 32` makes one",
    )
