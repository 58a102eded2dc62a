"""Answer calls with a loaded model: decode, validate, group, predict, validate, encode."""

import time
from typing import Callable, Iterator, List, Sequence, TypeVar, Union

from serving_runtime import validation
from serving_runtime.errors import InvalidInput, ServingError
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.model import Model
from serving_runtime.protocols import ModelProtocol, Protocols
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract
from serving_runtime.worker import batching, concurrency
from serving_runtime.worker.batching import Prepared
from serving_runtime.worker.groups import GroupRunner
from serving_runtime.worker.replies import Replies, make_tuple

Runner = TypeVar("Runner", bound=GroupRunner)


class Predictor:
    """A model behind its contract: bytes of calls in, bytes of replies out.

    Attributes:
        concurrency: how many calls of the model may run at once.
    """

    def __init__(self, model: Model, contract: Contract, settings: Settings) -> None:
        self.model = model
        self.contract = contract
        self._settings = settings
        self._by_model, self._by_contract = Protocols.of(contract, settings)
        self._signatures = validation.by_requested_name(contract)
        self._replies = Replies(settings)
        self._groups = GroupRunner(model, contract, self._replies)
        self.concurrency = concurrency.settle(model, settings.concurrency)

    @property
    def stacks(self) -> bool:
        """Whether it may answer several calls with one of the model."""
        is_wanted = self._settings.max_batch_rows > 1 and not self.model.stateful
        return is_wanted and any(each.is_stackable for each in self.contract.signatures)

    def run_groups_with(self, make: Callable[[Model, Contract, Replies], Runner]) -> Runner:
        """Exchange, before the first call, what groups of requests are run with."""
        self._groups = runner = make(self.model, self.contract, self._replies)
        return runner

    def answer(self, calls: Sequence[CallFrame]) -> Iterator[ReplyFrame]:
        """Answer ``calls``, which arrived together; each reply is given as soon as it is known."""
        for replies in self.answer_together(calls):
            yield from replies

    def answer_together(self, calls: Sequence[CallFrame]) -> Iterator[List[ReplyFrame]]:
        """Answer ``calls`` likewise; replies that are known at one time are given together."""
        prepared: List[Prepared] = []
        answered: List[ReplyFrame] = []
        started = time.monotonic()
        for call in calls:
            protocol = self._by_model.get(call.operation)
            outcome = self._prepare(call, protocol, started) if protocol else self._describe(call)
            if isinstance(outcome, Prepared):
                prepared.append(outcome)
                started = outcome.ready_at
            else:
                answered.append(outcome)
        if answered:
            yield answered
        max_rows = 1 if self.model.stateful else self._settings.max_batch_rows
        for group in batching.group(prepared, max_rows, self._groups.unstackable):
            yield from self._groups.run(group)

    def close(self) -> None:
        """Close the model."""
        self.model.close()

    def _prepare(
        self, call: CallFrame, protocol: ModelProtocol, started: float
    ) -> Union[Prepared, ReplyFrame]:
        """Make a call ready to run, or refuse it."""
        try:
            if call.resets_state and not self.model.stateful:
                raise InvalidInput("the model has no state to reset")
            request = protocol.decode(call.payload, call.target, call.attributes)
            signature = self._signatures.get(request.signature_name)
            if signature is None:
                signature = validation.choose_signature(self.contract, request.signature_name)
            if request.output_names:
                validation.validate_output_names(signature, request.output_names)
            inputs = validation.validate_inputs(
                signature,
                request.tensors,
                self._settings.cast,
                self.model.string_type,
                request.unreadable,
            )
            now = time.monotonic()
            parts = (call, protocol, request, signature, inputs, now - started, now)
            return make_tuple(Prepared, parts)
        except BaseException as error:  # noqa: BLE001  whatever is raised, the others are answered
            return self._replies.failure(call, error, protocol.word)

    def _describe(self, call: CallFrame) -> ReplyFrame:
        """Answer a call of which the contract has the answer."""
        word: Callable[[ServingError], str] = str
        try:
            protocol = self._by_contract[call.operation]
            word = protocol.word
            encoded = protocol.answer(call.payload, call.target, call.attributes)
            return self._replies.success(call, encoded)
        except BaseException as error:  # noqa: BLE001  whatever is raised, the others are answered
            return self._replies.failure(call, error, word)
