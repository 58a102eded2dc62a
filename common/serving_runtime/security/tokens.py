"""Decide who may call: a client that shows one of the tokens in a file.

Each transport asks before it reads the body of a request.
"""

import hashlib
import hmac
import time
from typing import AbstractSet, Optional, Tuple

from serving_runtime import logs
from serving_runtime.errors import NotAuthenticated
from serving_runtime.security import files
from serving_runtime.security.reloading import Reloaded

logger = logs.get_logger(__name__)

# Refusals are counted, and logged so often at most: trying tokens must not fill the log.
LOG_SECONDS = 10.0

EXPECTED = (
    "expected `authorization: Bearer TOKEN` in the metadata, with a token of the service's "
    "RUNTIME_TOKEN_FILE"
)


class TokenAuthenticator:
    """The tokens that are accepted, and what needs none.

    Args:
        path: a file of tokens; see ``files.tokens``.
        open_keys: the keys of the operations that anybody may call.

    Raises:
        SettingError: the file is of no use.
    """

    def __init__(self, path: str, open_keys: AbstractSet[str]) -> None:
        self.tokens = Reloaded([path], lambda: _digests(path))
        self._open_keys = open_keys
        self._refusals = 0
        self._logged = -LOG_SECONDS

    def check(self, key: str, authorization: Optional[str]) -> None:
        """Refuse a call that may not go on.

        Args:
            key: the operation's; empty for one that does not exist.
            authorization: the request's header of that name, None if it has none.

        Raises:
            NotAuthenticated: the token is missing, or none of those that are accepted.
        """
        if key in self._open_keys:
            return
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            self._refuse("there is no bearer token")
        if not self._accepts(token.strip()):
            self._refuse("the bearer token is not accepted")

    def _accepts(self, token: str) -> bool:
        """Return whether a token is ours, in a time that shows neither which one nor how nearly."""
        shown = _digest(token.encode("utf-8", "surrogateescape"))
        # A list, and not a generator: the first that is the same must not end the search.
        return any([hmac.compare_digest(shown, ours) for ours in self.tokens.value])  # noqa: C419

    def _refuse(self, why: str) -> None:
        self._refusals += 1
        now = time.monotonic()
        if now - self._logged >= LOG_SECONDS:
            logger.warning("refused for want of a token: calls=%d", self._refusals)
            self._refusals, self._logged = 0, now
        raise NotAuthenticated(f"{why}: {EXPECTED}")


def _digests(path: str) -> Tuple[bytes, ...]:
    return tuple(_digest(token) for token in files.tokens("RUNTIME_TOKEN_FILE", path))


def _digest(token: bytes) -> bytes:
    """Return what tokens are compared by: of one length, however long they are."""
    return hashlib.sha256(token).digest()
