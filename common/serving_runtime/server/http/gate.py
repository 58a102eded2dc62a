"""Decide by its head alone whether a request may go on, and to which operation."""

from typing import Optional

from serving_runtime import operations
from serving_runtime.errors import LimitExceeded, NotAuthenticated, ServingError
from serving_runtime.ipc.attributes import ACCEPT, CONTENT_TYPE, HEADER_LENGTH
from serving_runtime.security.tokens import TokenAuthenticator
from serving_runtime.server import trace_context
from serving_runtime.server.http import compression, origins
from serving_runtime.server.http.limits import Limits
from serving_runtime.server.http.origins import Origins
from serving_runtime.server.http.parser import Head
from serving_runtime.server.http.refusals import EarlyReply, Refusal, body_too_large
from serving_runtime.server.http.routes import Match, RouteTable
from serving_runtime.server.http.statuses import BY_REASON
from serving_runtime.server.transport import Attributes
from serving_runtime.settings import parsing

_TOO_MANY = "as many clients are connected as RUNTIME_HTTP_MAX_CONNECTIONS allows, and none is idle"
_TIMEOUT = parsing.seconds(0.0)


class Passed:
    """What the gate has found of a request; it holds for each that has the same head.

    Args:
        match: what is asked for.
        head: of the request.

    Attributes:
        match: as given.
        attributes: what the path and the headers say beside the body.
        request_id: the client's own; empty without one.
        reset_state: the header of that name; None without one.
        coding: how the body is packed; empty if it is not.
        origin: of a page that may read the reply; empty where none asks.
        seconds_left: the client's deadline, None where it sets none.
        is_usual: whether nothing of the request changes its reply.
    """

    __slots__ = (
        "attributes", "coding", "is_usual", "match", "origin", "request_id", "reset_state",
        "seconds_left",
    )  # fmt: skip

    def __init__(self, match: Match, head: Head) -> None:
        self.match = match
        self.attributes = _attributes_of(match, head)
        self.request_id = head.text(b"x-request-id")
        self.reset_state: Optional[str] = None
        if b"x-reset-state" in head.headers:
            self.reset_state = head.text(b"x-reset-state")
        self.coding = self.origin = ""
        self.seconds_left: Optional[float] = None
        is_plain = b"accept-encoding" not in head.headers and b"origin" not in head.headers
        self.is_usual = is_plain and not head.is_old and head.method != b"HEAD"


def _attributes_of(match: Match, head: Head) -> Attributes:
    if match.operation is operations.METRICS:
        return {ACCEPT: head.text(b"accept")}
    attributes = match.attributes
    if not head.is_plain:
        found = trace_context.read(
            head.text(b"traceparent"), head.text(b"tracestate"), head.text(b"baggage")
        )
        attributes = {**attributes, **found} if found else attributes
    if b"inference-header-content-length" in head.headers:
        length = head.text(b"inference-header-content-length")
        attributes = {**attributes, HEADER_LENGTH: length}
    if match.operation is operations.INVOCATIONS:
        attributes = {
            **attributes,
            CONTENT_TYPE: head.text(b"content-type"),
            ACCEPT: head.text(b"accept"),
        }
    return attributes


class Gate:
    """Lets requests pass.

    Args:
        table: of what can be asked for.
        access: who may ask; None for everybody.
        may_call: from which pages.
        limits: of bodies.

    Attributes:
        max_body_bytes: more is refused.
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
        self.shedding = None

    def admit(self, head: Head, is_surplus: bool = False) -> Passed:
        """Return what a request asks for.

        Args:
            head: of the request.
            is_surplus: whether it comes by a connection more than there may be.

        Raises:
            EarlyReply: it is answered by its head alone.
        """
        passed: Optional[Passed] = head.passed
        if passed is None:
            passed = head.passed = self._read(head, is_surplus)
        elif is_surplus or self._changes or head.length > self.max_body_bytes:
            self._check_again(head, passed.match, is_surplus)
        return passed

    @property
    def shedding(self) -> Optional[ServingError]:
        """What calls of the model are refused with for now; None where they are not."""
        return self._shedding

    @shedding.setter
    def shedding(self, refusal: Optional[ServingError]) -> None:
        self._shedding = refusal
        # Whether what has passed may not pass when it comes again.
        self._changes = refusal is not None or self._access is not None

    def _read(self, head: Head, is_surplus: bool) -> Passed:
        """Return what a head asks for that has not passed before."""
        origin = "" if head.is_plain else self._origins.check(head)
        if head.method == b"OPTIONS":
            self._answer_options(head, origin)
        try:
            match = self._table.find(head.method, head.path)
        except Refusal:
            self._check_token(head, "")  # who may not call learns not what there is
            raise
        if match.for_browsers is not None and b"text/html" in head.headers.get(b"accept", b""):
            match = match.for_browsers
        self._check_again(head, match, is_surplus)
        passed = Passed(match, head)
        if not head.is_plain:
            passed.origin = origin
            try:
                _read_rare(head, passed)
            except EarlyReply as early:
                early.counts = match.counts
                raise
        return passed

    def _check_again(self, head: Head, match: Match, is_surplus: bool) -> None:
        """Check what may be otherwise for the next request of the same head."""
        try:
            if self._access is not None:
                self._check_token(head, match.operation.key)
            if match.is_forwarded:
                self._check_room(is_surplus)
            if head.length > self.max_body_bytes:
                raise body_too_large(self.max_body_bytes)
        except EarlyReply as early:
            early.counts = match.counts
            raise

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
