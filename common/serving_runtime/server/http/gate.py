"""Decide by its head alone whether a request may go on, and to which operation."""

from typing import Optional

from serving_runtime.errors import LimitExceeded, NotAuthenticated, ServingError
from serving_runtime.security.tokens import TokenAuthenticator
from serving_runtime.server.http import compression, origins
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.origins import Origins
from serving_runtime.server.http.parser import Head
from serving_runtime.server.http.refusals import EarlyReply, Refusal, body_too_large
from serving_runtime.server.http.routes import Match, RouteTable
from serving_runtime.server.http.statuses import BY_REASON
from serving_runtime.settings import parsing

_TOO_MANY = "as many clients are connected as RUNTIME_HTTP_MAX_CONNECTIONS allows, and none is idle"
_TIMEOUT = parsing.seconds(0.0)


class Passed:
    """What the gate has found of a request.

    Attributes:
        match: what is asked for.
        coding: how the body is packed; empty if it is not.
        origin: of a page that may read the reply; empty where none asks.
        seconds_left: the client's deadline, None where it sets none.
    """

    __slots__ = ("coding", "match", "origin", "seconds_left")

    def __init__(self, match: Match) -> None:
        self.match = match
        self.coding = self.origin = ""
        self.seconds_left: Optional[float] = None


class Gate:
    """Lets requests pass.

    Args:
        table: of what can be asked for.
        access: who may ask; None for everybody.
        may_call: from which pages.
        limits: of bodies.

    Attributes:
        max_body_bytes: more is refused.
        shedding: what calls of the model are refused with for now; None where they are not.
    """

    def __init__(
        self,
        table: RouteTable,
        access: Optional[TokenAuthenticator],
        may_call: Origins,
        limits: Limits,
    ) -> None:
        self._table = table
        self._refusals = table.counts.refusals
        self._access = access
        self._origins = may_call
        self.max_body_bytes = limits.max_body_bytes
        self.shedding: Optional[ServingError] = None

    def admit(self, head: Head, is_surplus: bool = False) -> Passed:
        """Return what a request asks for.

        Args:
            head: of the request.
            is_surplus: whether it comes by a connection more than there may be.

        Raises:
            EarlyReply: it is answered by its head alone.
        """
        origin = "" if head.is_plain else self._origins.check(head)
        if head.method == b"OPTIONS":
            self._answer_options(head, origin)
        try:
            match = self._table.find(head.method, head.path)
        except Refusal:
            self._check_token(head, "")  # who may not call learns not what there is
            raise
        try:
            return self._checked(head, match, origin, is_surplus)
        except EarlyReply as early:
            early.counts = match.counts
            raise

    def _checked(self, head: Head, match: Match, origin: str, is_surplus: bool) -> Passed:
        """Return what is asked for, and how; raise an EarlyReply as ``admit`` does."""
        if self._access is not None:
            self._check_token(head, match.operation.key)
        if match.is_forwarded:
            self._check_room(is_surplus)
        if head.length > self.max_body_bytes:
            raise body_too_large(self.max_body_bytes)
        passed = Passed(match)
        if not head.is_plain:
            passed.origin = origin
            _read_rare(head, passed)
        return passed

    def _check_room(self, is_surplus: bool) -> None:
        if self.shedding is not None:
            self._refusals[self.shedding.reason] += 1
            raise Refusal(BY_REASON[self.shedding.reason], str(self.shedding))
        if is_surplus:
            self._refusals[LimitExceeded.reason] += 1
            raise Refusal(503, _TOO_MANY)

    def _answer_options(self, head: Head, origin: str) -> None:
        if not origins.is_preflight(head):
            self._check_token(head, "")
        methods = self._table.methods(head.path) or "GET, HEAD, POST, OPTIONS"
        if origin:
            raise EarlyReply(204, "", origins.preflight_headers(origin, methods))
        raise EarlyReply(204, "", (("allow", methods),))

    def _check_token(self, head: Head, key: str) -> None:
        if self._access is None:
            return
        try:
            self._access.check(key, head.text(b"authorization") or None)
        except NotAuthenticated as error:
            self._refusals[error.reason] += 1
            raise Refusal(BY_REASON[error.reason], str(error)) from None


def _read_rare(head: Head, passed: Passed) -> None:
    headers = head.headers
    if b"expect" in headers and headers[b"expect"].lower() != b"100-continue":
        raise Refusal(417, "of the expectations only 100-continue is known here")
    if b"content-encoding" in headers:
        passed.coding = compression.coding_of(head.text(b"content-encoding"))
    if b"x-request-timeout" in headers:
        passed.seconds_left = _seconds_of(head.text(b"x-request-timeout"))


def _seconds_of(text: str) -> float:
    try:
        return _TIMEOUT(text)
    except ValueError:
        raise Refusal(
            400,
            f"x-request-timeout is {text[:40]!r}: expected seconds, or a time such as 250ms, at "
            "most 24h",
        ) from None
