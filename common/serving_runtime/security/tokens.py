"""Decide who may call: whoever shows one of the tokens in a file.

Nothing here knows gRPC: what it calls metadata, others call headers.
"""

import hashlib
import hmac
import logging
import time
from typing import AbstractSet, Optional, Tuple

from serving_runtime.errors import NotAuthenticated
from serving_runtime.security import files
from serving_runtime.security.reloading import Reloaded

logger = logging.getLogger(__name__)

# Refusals are counted, and told so often at most: whoever tries tokens must not fill the log.
TELL_SECONDS = 10.0

EXPECTED = (
    "expected `authorization: Bearer TOKEN` in the metadata, with a token of the service's "
    "RUNTIME_TOKEN_FILE"
)


class TokenAuthenticator:
    """The tokens that are accepted, and what needs none.

    Args:
        path: a file of tokens; see ``secret_files.tokens``.
        open_names: methods, or paths, that anybody may call.

    Raises:
        SettingError: the file is of no use.
    """

    def __init__(self, path: str, open_names: AbstractSet[str]) -> None:
        self.tokens = Reloaded([path], lambda: _digests(path))
        self._open_names = open_names
        self._refusals = 0
        self._told = -TELL_SECONDS

    def check(self, name: str, authorization: Optional[str]) -> None:
        """Let a call go on, or not.

        Args:
            name: of the method, or the path.
            authorization: what the caller's metadata has under that name, None if nothing.

        Raises:
            NotAuthenticated: the token is missing, or none of those that are accepted.
        """
        if name in self._open_names:
            return
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            self._refuse("there is no bearer token")
        if not self._accepts(token.strip()):
            self._refuse("the bearer token is not accepted")

    def _accepts(self, token: str) -> bool:
        """Say whether a token is one of ours, in a time that does not tell which, or how nearly."""
        shown = _digest(token.encode("utf-8", "surrogateescape"))
        # A list, and not a generator: the first that is the same must not end the search.
        return any([hmac.compare_digest(shown, ours) for ours in self.tokens.value])  # noqa: C419

    def _refuse(self, why: str) -> None:
        self._refusals += 1
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            logger.warning("refused for want of a token: calls=%d", self._refusals)
            self._refusals, self._told = 0, now
        raise NotAuthenticated(f"{why}: {EXPECTED}")


def _digests(path: str) -> Tuple[bytes, ...]:
    return tuple(_digest(token) for token in files.tokens("RUNTIME_TOKEN_FILE", path))


def _digest(token: bytes) -> bytes:
    """Return what tokens are compared by: of one length, however long they are."""
    return hashlib.sha256(token).digest()
