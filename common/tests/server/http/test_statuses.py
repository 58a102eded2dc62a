import pytest

from serving_runtime.errors import ServingError, Status
from serving_runtime.server.http import statuses
from serving_runtime.server.transport import Reply


def kinds(kind=ServingError):
    """Yield an error's class and all that are made of it."""
    yield kind
    for each in kind.__subclasses__():
        if each.__module__ == "serving_runtime.errors":
            yield from kinds(each)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_every_reason_has_a_status(kind):
    """And each can be written."""
    status = statuses.status_of(Reply(kind.status, "", b"", kind.reason))
    assert statuses.BY_REASON[kind.reason] == status
    assert status in statuses.PHRASES


def test_no_reason_is_left_that_no_error_has():
    """A row without an error would be of no use."""
    assert set(statuses.BY_REASON) == {kind.reason for kind in kinds()}


@pytest.mark.parametrize("status", list(Status))
def test_a_failure_without_a_reason_has_the_status_of_its_kind(status):
    """The least that is known of it."""
    found = statuses.status_of(Reply(status, "", b""))
    assert (found == 200) is (status is Status.OK)
    assert found in (*statuses.PHRASES, 499)


def test_a_reason_is_finer_than_a_status():
    """One of gRPC's is several of HTTP's."""
    full = Reply(Status.RESOURCE_EXHAUSTED, "", b"", "queue_full")
    large = Reply(Status.RESOURCE_EXHAUSTED, "", b"", "request_too_large")
    assert (statuses.status_of(full), statuses.status_of(large)) == (429, 413)
