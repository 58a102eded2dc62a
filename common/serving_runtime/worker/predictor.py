"""Answer calls with a loaded model: decode, check, stack, predict, check, encode."""

import logging
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence, Set, Union

from serving_runtime import validation
from serving_runtime.errors import (
    DeadlinePassed,
    InvalidInput,
    ReplyTooLarge,
    ServingError,
    Status,
    answer_for,
)
from serving_runtime.ipc.frames import Bytes, CallFrame, ReplyFrame
from serving_runtime.model import Model
from serving_runtime.protocols import CONTRACT_ANSWERS, PROTOCOLS
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Value
from serving_runtime.worker import batching
from serving_runtime.worker.batching import Group, Prepared, RowsLost

logger = logging.getLogger(__name__)

_OK = Status.OK  # looked up in an enumeration it costs as much as all else of a reply
# Replies as large as this, one or several, wait for no others.
_PORTION_BYTES = 1 << 16


class Predictor:
    """A model behind its contract: bytes of calls in, bytes of replies out."""

    def __init__(self, model: Model, contract: Contract, settings: Settings) -> None:
        self.model = model
        self.contract = contract
        self._settings = settings
        # Later on also those whose stacked results came back with the wrong number of rows.
        self._unstackable: Set[str] = {
            signature.name for signature in contract.signatures if not signature.is_stackable
        }

    def answer(self, calls: Sequence[CallFrame]) -> Iterator[ReplyFrame]:
        """Answer ``calls``, which arrived together; each reply is given as soon as it is known."""
        for replies in self.answer_together(calls):
            yield from replies

    def answer_together(self, calls: Sequence[CallFrame]) -> Iterator[List[ReplyFrame]]:
        """Answer ``calls`` likewise; replies that are known at one time are given together."""
        prepared: List[Prepared] = []
        answered: List[ReplyFrame] = []
        for call in calls:
            outcome = self._attempt(call, self._prepare, call)
            if isinstance(outcome, Prepared):
                prepared.append(outcome)
            else:
                answered.append(outcome)
        if answered:
            yield answered
        max_rows = 1 if self.model.stateful else self._settings.max_batch_rows
        for group in batching.group(prepared, max_rows, self._unstackable):
            yield from self._run(group)

    def close(self) -> None:
        """Close the model."""
        self.model.close()

    def _attempt(self, call: CallFrame, action: Callable[..., Any], *arguments: Any) -> Any:
        """Do ``action`` for ``call``; whatever it raises becomes the call's reply."""
        try:
            return action(*arguments)
        except ServingError as error:
            return self._refusal(call, error)
        except BaseException as error:
            logger.error("the model raised", exc_info=True, extra=_request(call))
            return self._refusal(call, error)

    def _refusal(self, call: CallFrame, error: BaseException) -> ReplyFrame:
        status, details = answer_for(error, detail=self._settings.error_detail == "full")
        return ReplyFrame(call.id, status, details, b"")

    def _prepare(self, call: CallFrame) -> Union[Prepared, ReplyFrame]:
        """Make a call ready to run, or answer it if it needs no run."""
        if call.operation in CONTRACT_ANSWERS:
            return self._reply(call, CONTRACT_ANSWERS[call.operation](call.payload, self.contract))
        if call.resets_state and not self.model.stateful:
            raise InvalidInput("the model has no state to reset")
        request = PROTOCOLS[call.operation].decode(call.payload, self._settings.max_expanded_bytes)
        signature = validation.choose_signature(self.contract, request.model_spec.signature_name)
        validation.check_output_filter(signature, request.output_filter)
        inputs = validation.check_inputs(
            signature,
            request.tensors,
            self._settings.cast,
            self.model.string_type,
            request.unreadable,
        )
        return Prepared(call, request, signature, inputs)

    def _run(self, group: Group) -> Iterator[List[ReplyFrame]]:
        now = time.monotonic()
        live = [request for request in group if now < request.call.deadline]
        if len(live) < len(group):
            passed = DeadlinePassed("the deadline passed in the queue")
            late = [request.call for request in group if not now < request.call.deadline]
            yield [self._refusal(call, passed) for call in late]
        if len(live) > 1:
            yield from self._run_stacked(live)
        elif live:
            yield [self._run_alone(live[0])]

    def _run_alone(self, request: Prepared) -> ReplyFrame:
        """Run a request by itself; whatever comes of it, the reply tells of a reset before it."""
        call = request.call
        reset = self._attempt(call, self.model.reset) if call.resets_state else None
        if isinstance(reset, ReplyFrame):  # it failed
            return reset
        reply: ReplyFrame = self._attempt(call, self._answer_alone, request)
        return reply._replace(was_reset=True) if call.resets_state else reply

    def _answer_alone(self, request: Prepared) -> ReplyFrame:
        return self._encode(request, self._predict([request])[0])

    def _run_stacked(self, group: Group) -> Iterator[List[ReplyFrame]]:
        """Answer a group with one call; if that fails, each request alone.

        One caller's bad row must never fail another's, and only a call of its own can tell whose
        row it is.
        """
        try:
            outputs = self._predict(group)
        except BaseException as error:  # noqa: BLE001  user code may raise anything, SystemExit too
            self._note_failed_stack(group, error)
            for request in group:
                yield from self._run([request])
            return
        yield from _portions(
            self._attempt(request.call, self._encode, request, own)
            for request, own in zip(group, outputs)
        )

    def _predict(self, group: Group) -> List[Dict[str, Value]]:
        signature = group[0].signature
        results = self.model.predict(signature.name, batching.stack(group))
        outputs = validation.check_outputs(signature, results)
        return [outputs] if len(group) == 1 else batching.split(outputs, group)

    def _encode(self, request: Prepared, outputs: Dict[str, Value]) -> ReplyFrame:
        protocol = PROTOCOLS[request.call.operation]
        answered_by = None
        if self._settings.reply_model_spec:
            asked = request.request.model_spec
            answered_by = asked.answered(self.contract, request.signature.name)
        return self._reply(request.call, protocol.encode(outputs, request.request, answered_by))

    def _reply(self, call: CallFrame, payload: Bytes) -> ReplyFrame:
        limit = self._settings.max_message_bytes
        if len(payload) > limit:
            raise ReplyTooLarge(
                f"the reply has {len(payload)} bytes, RUNTIME_MAX_MESSAGE_BYTES allows {limit}"
            )
        return ReplyFrame(call.id, _OK, "", payload)

    def _note_failed_stack(self, group: Group, error: BaseException) -> None:
        name = group[0].signature.name
        if isinstance(error, RowsLost):
            self._unstackable.add(name)
            logger.warning("signature %s is no longer stacked: %s", name, error)
        else:
            logger.info("%d stacked calls of %s failed, trying each alone", len(group), name)


def _portions(replies: Iterable[ReplyFrame]) -> Iterator[List[ReplyFrame]]:
    portion: List[ReplyFrame] = []
    size_bytes = 0
    for reply in replies:
        portion.append(reply)
        size_bytes += len(reply.payload)
        if size_bytes >= _PORTION_BYTES:
            yield portion
            portion, size_bytes = [], 0
    if portion:
        yield portion


def _request(call: CallFrame) -> Dict[str, Any]:
    return {"fields": {"id": call.request_id}}
