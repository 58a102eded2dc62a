"""The service without its processes: requests in, answers out, within bounds of time."""

import signal
import time
from collections.abc import Sequence

from serving_runtime.errors import ServingError
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.model_names import ModelNames
from serving_runtime.operations import BY_GRPC_METHOD
from serving_runtime.server.grpc import reflection
from serving_runtime.server.grpc.health_service import HealthService
from serving_runtime.server.grpc.model_service import ModelService
from serving_runtime.server.grpc.open_inference import OpenInferenceService
from serving_runtime.server.grpc.status import details_of
from serving_runtime.server.health import Health, Phase
from serving_runtime.worker.answers import answer_for
from serving_runtime.worker.predictor import Predictor
from tests.fuzz import corpus, echo_model
from tests.fuzz.corpus import Case
from tests.fuzz.judging import Answer, problem

# Of the processor's time, so that a busy machine is no failure.
MAX_SECONDS = 2.0
_FAR_SECONDS = 3600.0


class TooSlow(BaseException):
    """A case took too long; like a user's own, it may be caught and told as INTERNAL."""


class Service:
    """A worker's predictor over the echoing model, and what the front answers itself.

    It takes the process's SIGPROF.
    """

    def __init__(self) -> None:
        self._predictor = Predictor(echo_model.Echo(), echo_model.CONTRACT, echo_model.SETTINGS)
        health = Health()
        health.enter(Phase.SERVING)
        names = ModelNames.of(echo_model.CONTRACT, echo_model.SETTINGS, "/model")
        health.model_names = names
        of_health, of_front = HealthService(health), OpenInferenceService(health)
        models = ModelService(health)
        self._of_front = {
            corpus.HEALTH_CHECK: of_health.check,
            corpus.STATUS: of_health.status,
            corpus.MODEL_STATUS: models.status,
            corpus.RELOAD_CONFIG: models.reload_config,
            corpus.MODEL_READY: of_front.model_ready,
        }
        self._is_late = False
        signal.signal(signal.SIGPROF, self._on_alarm)
        self._golden = {case: self.answer([case]) for case in corpus.golden()}

    @property
    def golden_requests(self) -> int:
        """How many golden requests there are."""
        return len(self._golden)

    def problem(self, cases: Sequence[Case]) -> tuple[str, list[Answer]]:
        """Answer cases together; returns what is wrong with that, or an empty text."""
        self._is_late = False
        signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
        try:
            answers = self.answer(cases)
        except BaseException as error:  # noqa: BLE001  that anything is raised is what is looked for
            return f"raised {type(error).__name__}", []
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if self._is_late:
            return "too slow", answers
        if len(answers) != len(cases):
            return f"{len(answers)} answers to {len(cases)} requests", answers
        return next(filter(None, map(problem, cases, answers)), ""), answers

    def answer(self, cases: Sequence[Case]) -> list[Answer]:
        """Answer cases of one method, as they would arrive together."""
        if cases[0].method in corpus.FRONT_METHODS:
            return [self._by_front(case) for case in cases]
        deadline = time.monotonic() + _FAR_SECONDS
        row = BY_GRPC_METHOD.get(cases[0].method)
        operation = row.key if row else cases[0].method
        calls = [
            CallFrame(number, operation, f"id-{number}", deadline, bytearray(case.payload))
            for number, case in enumerate(cases)
        ]
        replies = sorted(self._predictor.answer(calls), key=lambda reply: reply.id)
        return [Answer(reply.status.name, reply.details, bytes(reply.payload)) for reply in replies]

    def wrong_golden(self) -> list[Case]:
        """Return the seeds that are not answered as before any other request, to the last bit."""
        return [case for case, answer in self._golden.items() if self.answer([case]) != answer]

    def _by_front(self, case: Case) -> Answer:
        if case.method == corpus.REFLECTION:
            return _by_reflection(case.payload)
        reply = self._of_front[case.method](case.payload)
        return Answer(reply.status.name, details_of(reply), reply.payload)

    def _on_alarm(self, number: int, frame: object) -> None:
        self._is_late = True
        raise TooSlow


def _by_reflection(payload: bytes) -> Answer:
    try:
        return Answer("OK", "", reflection.answer(payload))
    except ServingError as error:
        refusal = answer_for(error)
        return Answer(refusal.status.name, refusal.details)
