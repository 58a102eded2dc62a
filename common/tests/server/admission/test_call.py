import pytest

from serving_runtime.errors import InvalidInput, Status
from serving_runtime.server.transport import Reply

DONE = Reply(Status.OK, "", b"reply")


def test_first_answer_counts(make_call):
    """A reply after the deadline, or a second one, is dropped."""
    call = make_call()
    call.finish(DONE)
    call.expire()
    call.cancel()
    assert call.outcomes == [DONE]


def test_every_observer_is_called_in_order(make_call):
    """The client, the queue, the timer and the log all wait for the end of a call."""
    call = make_call()
    told = []
    call.when_done(lambda call, outcome: told.append(call.number))
    call.when_done(lambda call, outcome: told.append(outcome))
    call.finish(DONE)
    assert told == [call.number, DONE]


def test_failure_is_one_line(make_call):
    """The text of an error becomes details that a header can carry."""
    call = make_call()
    call.fail(InvalidInput("a\nb"))
    assert call.outcomes == [Reply(Status.INVALID_ARGUMENT, "a b", b"", "invalid_input")]


@pytest.mark.parametrize(
    ("seconds", "status"), [(60.0, Status.CANCELLED), (-1.0, Status.DEADLINE_EXCEEDED)]
)
def test_cancelled_at_the_deadline_is_expired(make_call, seconds, status):
    """What grpc ends at the deadline is logged as that, not as a client that gave up."""
    call = make_call(seconds=seconds)
    call.cancel()
    assert call.status == status
