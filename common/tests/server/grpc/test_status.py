import grpc
import pytest

from serving_runtime import errors
from serving_runtime.errors import DETAIL_BYTES, ServingError, Status
from serving_runtime.server.grpc import status
from serving_runtime.server.transport import Reply

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ServingError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_reason_has_the_status_of_its_error(kind):
    """The table is no second list: it says of each reason what the exception itself says."""
    assert status.BY_REASON[kind.reason] is kind.status
    assert status.failed(kind("why")) == Reply(kind.status, "why", b"", kind.reason)


def test_each_reason_is_one_errors():
    """Two errors of one reason could not have two statuses."""
    assert len({kind.reason for kind in KINDS}) == len(KINDS)
    assert set(status.BY_REASON) == {kind.reason for kind in KINDS}


@pytest.mark.parametrize("one", Status)
def test_statuses_are_grpcs_by_name_and_number(one):
    """Workers, which never import grpc, send its numbers."""
    assert status.CODES[one] is grpc.StatusCode[one.name]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ("why: 100% \N{SNOWMAN}", "why: 100% \N{SNOWMAN}"),
        ("two\nlines", "two lines"),
        ("x" * (DETAIL_BYTES + 1), "x" * (DETAIL_BYTES - 3) + "..."),
    ],
    ids=["short", "two lines", "long"],
)
def test_details_are_one_short_line(details, expected):
    """Whatever a handler says: they travel in a header."""
    assert status.details_of(Reply(Status.INTERNAL, details, b"")) == expected
