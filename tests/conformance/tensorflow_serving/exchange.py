"""One request in bytes and what must come back for it, to the last bit and word."""

from typing import Any, Mapping, NamedTuple

from serving_runtime.operations import PREDICT, Operation
from tests.support.cases import INVALID, OK


class Exchange(NamedTuple):
    """A request to a model, and its reply (a message) or its refusal.

    ``model`` is a folder of a framework's ``tests/models``: a framework without it has none of its
    exchanges. ``details`` is the whole text of a refusal, or its beginning where it ends with ``…``
    (what follows is in other people's words). ``settings`` are environment variables.
    """

    title: str
    model: str
    signature: str
    request: bytes
    reply: Any = None
    status: str = OK
    details: str = ""
    settings: Mapping[str, str] = {}
    operation: Operation = PREDICT


def refused(title: str, model: str, signature: str, request: bytes, details: str) -> Exchange:
    """Return an exchange whose request is refused."""
    return Exchange(title, model, signature, request, status=INVALID, details=details)


def assert_same(answer, exchange):
    """Check that an answer is the one that an exchange wants."""
    if exchange.details.endswith("…"):
        assert answer.details.startswith(exchange.details[:-1])
        answer = answer._replace(details=exchange.details)
    assert (answer.status, answer.details) == (exchange.status, exchange.details)
