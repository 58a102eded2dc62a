"""Stand for the model behind streams: keep what is forwarded, and answer when a test says so."""

from serving_runtime.errors import LimitExceeded, Status
from serving_runtime.operations import AnsweredBy, ErrorForm, Operation
from serving_runtime.server.admission.streams import StreamForwarder
from serving_runtime.server.transport import Reply

FORWARDED = Operation(
    "test.forwarded",
    AnsweredBy.MODEL,
    "/test.Service/Forwarded",
    is_stream=True,
    error_form=ErrorForm.STREAM_MESSAGE,
)


class Admitted:
    """Takes requests as the admission does.

    Attributes:
        requests: those that were forwarded, in order.
        cancelled: the payloads of those whose client has gone.
        is_full: whether all are refused.
    """

    def __init__(self, lock):
        self.lock = lock
        self.requests = []
        self.cancelled = []
        self.is_full = False

    def admit(self, request):
        """Keep a request, or refuse it."""
        self.lock.assert_held()
        self.requests.append(request)
        if self.is_full:
            reply = Reply(LimitExceeded.status, "too many", b"", LimitExceeded.reason)
            request.respond(reply, ())
        return lambda: self.cancelled.append(request.payload)

    def answer(self, *payloads):
        """Answer requests, each with its own payload in capitals."""
        for request in self.requests:
            if request.payload in payloads:
                self.respond(request, Reply(Status.OK, "", request.payload.upper()))

    def respond(self, request, reply):
        """Answer a request, while holding the lock, as workers' links do."""
        with self.lock:
            request.respond(reply, [])

    @property
    def payloads(self):
        """What was forwarded."""
        return [request.payload for request in self.requests]


def write_failure(reply, request):
    """Report a failure."""
    return b"%s of %s" % (reply.details.encode(), request)


def forwarder(settings, lock, admitted):
    """Return a forwarder of streams to what stands for the admission."""
    writers = {ErrorForm.STREAM_MESSAGE: write_failure}
    return StreamForwarder(settings, lock, admitted.admit, writers)
