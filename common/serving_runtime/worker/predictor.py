"""Answer calls with a loaded model: decode, validate, group, predict, validate, encode."""

import time
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

from serving_runtime import validation
from serving_runtime.errors import InvalidInput, ServingError, Status
from serving_runtime.ipc.frames import CallFrame, ReplyFrame
from serving_runtime.model import Model
from serving_runtime.protocols import CompositeProtocol, ModelProtocol, Protocols
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract
from serving_runtime.worker import batching, concurrency
from serving_runtime.worker.batching import Prepared
from serving_runtime.worker.groups import GroupRunner
from serving_runtime.worker.replies import Replies, make_tuple


class Origin(NamedTuple):
    """What loaded a model, what wrote its contract, and how long that and its warm-up took."""

    framework: str = ""
    framework_version: str = ""
    contract_format: str = ""
    load_seconds: float = 0.0
    warm_up_seconds: float = 0.0


Runner = TypeVar("Runner", bound=GroupRunner)


class Predictor:
    """A model behind its contract: bytes of calls in, bytes of replies out.

    Attributes:
        concurrency: how many calls of the model may run at once.
        origin: what loaded the model, and how long that took.
    """

    origin = Origin()

    def __init__(self, model: Model, contract: Contract, settings: Settings) -> None:
        self.model = model
        self.contract = contract
        self._settings = settings
        self._by_model, self._by_parts, self._by_contract = Protocols.of(contract, settings)
        self._signatures = validation.by_requested_name(contract)
        self._replies = Replies(settings)
        self._numbers = {name: number for number, name in enumerate(contract.names, 1)}
        # Inputs of the request that is being prepared.
        self._casts = 0
        self._groups = GroupRunner(model, contract, self._replies)
        # Whatever the others may be run with: the parts of a call wait for each other.
        self._in_turn = GroupRunner(model, contract, self._replies)
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
        composite: Tuple[CallFrame, ...] = ()  # none, in all but few batches
        started = time.monotonic()
        for call in calls:
            protocol = self._by_model.get(call.operation)
            outcome = self._prepare(call, protocol, started) if protocol else self._describe(call)
            if isinstance(outcome, Prepared):
                prepared.append(outcome)
                started = outcome.ready_at
            elif outcome is None:
                composite += (call,)
            else:
                answered.append(outcome)
        if answered:
            yield answered
        max_rows = 1 if self.model.stateful else self._settings.max_batch_rows
        for group in batching.group(prepared, max_rows, self._groups.unstackable):
            yield from self._groups.run(group)
        for call in composite:
            yield [self._compose(call, self._by_parts[call.operation])]

    def close(self) -> None:
        """Close the model."""
        self.model.close()

    def _prepare(
        self, call: CallFrame, protocol: ModelProtocol, started: float
    ) -> Union[Prepared, ReplyFrame]:
        """Make a call ready to run, or refuse it."""
        number = 0
        try:
            if call.resets_state and not self.model.stateful:
                raise InvalidInput("the model has no state to reset")
            request = protocol.decode(call.payload, call.target, call.attributes)
            if request.timeout_seconds:
                call = _within(call, request.timeout_seconds, started)
            signature = self._signatures.get(request.signature_name)
            if signature is None:
                signature = validation.choose_signature(self.contract, request.signature_name)
            number = self._numbers[signature.name]
            if request.output_names:
                validation.validate_output_names(signature, request.output_names)
            inputs = validation.validate_inputs(
                signature,
                request.tensors,
                self._settings.cast,
                self.model.string_type,
                request.unreadable,
                self._note_casts,
            )
            casts, self._casts = self._casts, 0
            now = time.monotonic()
            parts = (call, protocol, request, signature, inputs, now - started, now, casts)
            return make_tuple(Prepared, parts)
        except BaseException as error:  # noqa: BLE001  whatever is raised, the others are answered
            self._casts = 0
            return self._replies.failure(
                call, error, protocol.word, body=protocol.failure, signature=number
            )

    def _note_casts(self, count: int) -> None:
        self._casts = count

    def _compose(self, call: CallFrame, protocol: CompositeProtocol) -> ReplyFrame:
        """Answer a call by several of the model; the first that fails is the answer."""
        started = time.monotonic()
        replies: List[ReplyFrame] = []
        try:
            parts = protocol.parts(call.payload, call.target, call.attributes)
            if self.model.stateful:
                raise InvalidInput(
                    "the model keeps a state, so that each call counts: make one for each part"
                )
            for part in parts:
                outcome = self._prepare(call, part, started)
                if isinstance(outcome, Prepared):
                    [[outcome]] = self._in_turn.run([outcome])
                if outcome.status != Status.OK:
                    return outcome
                replies.append(outcome)
                started = time.monotonic()
            return self._replies.joined(call, replies)
        except BaseException as error:  # noqa: BLE001  whatever is raised, the others are answered
            return self._replies.failure(call, error, protocol.word)

    def _describe(self, call: CallFrame) -> Optional[ReplyFrame]:
        """Answer a call of which the contract has the answer; None if it takes the model."""
        if call.operation in self._by_parts:
            return None
        word: Callable[[ServingError], str] = str
        try:
            protocol = self._by_contract[call.operation]
            word = protocol.word
            encoded = protocol.answer(call.payload, call.target, call.attributes)
            return self._replies.success(call, encoded)
        except BaseException as error:  # noqa: BLE001  whatever is raised, the others are answered
            return self._replies.failure(call, error, word)


def _within(call: CallFrame, timeout_seconds: float, started: float) -> CallFrame:
    """Return a call that is not run later than so long after its arrival."""
    arrived = call.arrived or started
    return call._replace(deadline=min(call.deadline, arrived + timeout_seconds))
