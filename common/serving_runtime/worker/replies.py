"""Make a call's reply: of what a protocol has written, or of what was raised."""

from typing import Callable, Mapping, Sequence

from serving_runtime import logs
from serving_runtime.errors import InvalidInput, ReplyTooLarge, ServingError, Status, answer_for
from serving_runtime.ipc.attributes import EMPTY, PROBLEMS
from serving_runtime.ipc.frames import NO_TIMINGS, Bytes, CallFrame, ReplyFrame, Timings
from serving_runtime.protocols.protocol import Encoded
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

# A named tuple's own __new__ is written in Python, and takes three times as long; what is made for
# each call is made by this, with every field.
make_tuple = tuple.__new__
# What is wrong beyond that is not counted.
_MAX_PROBLEMS = 256
_OK = Status.OK  # looked up in an enumeration it costs as much as all else of a reply


def _no_body(payload: Bytes, details: str) -> Bytes:
    return b""


class Replies:
    """Makes replies within the limits that the settings give."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.max_message_bytes
        self._shows_detail = settings.error_detail == "full"

    def success(
        self,
        call: CallFrame,
        encoded: Encoded,
        was_reset: bool = False,
        timings: Timings = NO_TIMINGS,
        signature: int = 0,
    ) -> ReplyFrame:
        """Return the reply with what a protocol has written.

        Raises:
            ReplyTooLarge: it has more bytes than a message may have.
        """
        payload, attributes = encoded
        if len(payload) > self._max_bytes:
            raise ReplyTooLarge(
                f"the reply has {len(payload)} bytes, "
                f"RUNTIME_MAX_MESSAGE_BYTES allows {self._max_bytes}"
            )
        return make_tuple(
            ReplyFrame,
            (call.id, _OK, "", payload, was_reset, "", attributes, timings, 0, False, signature),
        )

    def joined(self, call: CallFrame, parts: Sequence[ReplyFrame]) -> ReplyFrame:
        """Return the reply whose bytes are those of its parts, one after the other.

        Raises:
            ReplyTooLarge: it has more bytes than a message may have.
        """
        timings = Timings(*(sum(figures) for figures in zip(*(part.timings for part in parts))))
        whole = self.success(call, (b"".join(part.payload for part in parts), EMPTY))
        return whole._replace(timings=timings)

    def failure(
        self,
        call: CallFrame,
        error: BaseException,
        word: Callable[[ServingError], str] = str,
        was_reset: bool = False,
        body: Callable[[Bytes, str], Bytes] = _no_body,
        signature: int = 0,
    ) -> ReplyFrame:
        """Return the reply that reports an error; what the model raised is logged as well.

        Args:
            call: what it is the reply to.
            error: what was raised.
            word: writes an error's text as the protocol's clients know it.
            was_reset: whether the model's state was reset for the call.
            body: writes what goes beside the details, of the request and of them.
            signature: the number of the one that was called.
        """
        if not isinstance(error, ServingError):
            fields = {"fields": {"id": call.request_id}}
            logger.error("the model raised", exc_info=error, extra=fields)
        status, details, reason = answer_for(error, self._shows_detail, word)
        payload = body(call.payload, details)
        return ReplyFrame(
            call.id, status, details, payload, was_reset, reason, _kinds(error), signature=signature
        )


def _kinds(error: BaseException) -> Mapping[str, str]:
    """Return the kinds of what was wrong with a request, for who counts them."""
    problems = error.problems[:_MAX_PROBLEMS] if isinstance(error, InvalidInput) else ()
    return {PROBLEMS: ",".join(it.kind.value for it in problems)} if problems else EMPTY
