"""Answer with the page's files: to anybody, since they tell nothing of the model."""

from typing import Callable, Dict

from serving_runtime import operations, page
from serving_runtime.errors import Status
from serving_runtime.ipc.attributes import CONTENT_TYPE
from serving_runtime.operations import Operation
from serving_runtime.page import File
from serving_runtime.server.transport import Reply, Request, UnaryHandler

_HEADERS = (
    ("content-security-policy", page.POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),  # a service that is replaced has the page of its own release
    ("vary", "Accept"),
)


def handlers() -> Dict[Operation, UnaryHandler]:
    """Return what answers the operations of the page."""
    return {
        operations.PAGE: _of(page.html()),
        operations.PAGE_SCRIPT: _of(page.script()),
        operations.PAGE_STYLE: _of(page.style()),
    }


def _of(file: File) -> UnaryHandler:
    reply = Reply(Status.OK, "", file.body, attributes={CONTENT_TYPE: file.content_type})

    def handle(request: Request) -> Callable[[], None]:
        request.respond(reply, _HEADERS)
        return _nothing

    return handle


def _nothing() -> None:
    """Cancel what is answered already."""
