import pytest

from serving_runtime import operations
from serving_runtime.errors import Status
from serving_runtime.server.http.page import handlers
from serving_runtime.server.transport import Request

STARTS = {
    operations.PAGE: b"<!doctype html>",
    operations.PAGE_SCRIPT: b'"use strict"',
    operations.PAGE_STYLE: b"/*",
}


def test_every_file_has_a_handler():
    """The rows of the page are what is answered, and nothing else is."""
    assert set(handlers()) == set(operations.PAGE_FILES) == set(STARTS)


@pytest.mark.parametrize("row", operations.PAGE_FILES, ids=lambda row: row.key)
def test_files_are_answered_with_their_policy(row):
    """Each file comes with its type, which no browser may guess, and the policy."""
    replies = []
    request = Request(row, b"", "", None, None, lambda *reply: replies.append(reply))
    cancel = handlers()[row](request)
    cancel()  # the client goes away: nothing happens
    [(reply, headers)] = replies
    assert reply.status is Status.OK
    assert reply.payload.startswith(STARTS[row])
    assert reply.attributes["content-type"].endswith("; charset=utf-8")
    named = dict(headers)
    assert named["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in named["content-security-policy"]
    assert "frame-ancestors 'none'" in named["content-security-policy"]
